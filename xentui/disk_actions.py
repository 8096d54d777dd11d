"""What can be done on the screens of the disks: the rest of the registry, see `xentui.actions`.

None of it is a toolstack's: the screens carry it out by its name.
"""

from __future__ import annotations

from xentui.actions import BY_NAME, Action, Group

_D = Group.DISKS

SEE: tuple[Action, ...] = (
    Action("disk-details", "Details", ("enter",), _D, "all that is known of it, and all its uses", needs_domain=False),
    Action("refresh", "Read again", ("f5", "r"), _D, "read all disks and their uses again", needs_domain=False),
)  # fmt: skip


def with_program(actions: tuple[Action, ...]) -> dict[str, Action]:
    """`actions` and the program's own, by name: all that belongs on a screen."""
    own = {action.name: action for action in actions}
    keys = {key for action in actions for key in action.keys}
    everywhere = [a for a in BY_NAME.values() if a.group is Group.PROGRAM or a.name in ("host-info", "command-log")]
    return {**own, **{a.name: a for a in everywhere if a.name not in own and not keys & set(a.keys)}}
