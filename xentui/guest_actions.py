"""What can be done on the screens of new guests and of snapshots: a part of the registry, see `xentui.actions`.

None of it is a toolstack's: the screens carry it out by its name.
"""

from __future__ import annotations

from xentui.actions import Action, Group

_G = Group.GUESTS

NEW: tuple[Action, ...] = (
    Action("edit-field", "Change", ("enter",), _G, "answer the question under the cursor", needs_domain=False),
    Action("clear-field", "Clear", ("delete", "backspace"), _G, "take the answer back", needs_domain=False),
    Action("make-guest", "Make", ("f2", "m"), _G, "make the guest as it stands below", changes=True,
           needs_domain=False),
    Action("make-and-start", "Make and start", ("f3", "s"), _G, "the same, and start it then (or its installer)",
           changes=True, needs_domain=False),
)  # fmt: skip

SNAPSHOTS: tuple[Action, ...] = (
    Action("take-snapshot", "Take", ("t",), _G, "take a snapshot; a running guest is saved and restored for it",
           changes=True, needs_domain=False),
    Action("revert-snapshot", "Revert", ("r",), _G, "make the guest what it was at the one under the cursor",
           changes=True, dangerous=True, needs_domain=False,
           warning="What is on these disks now is lost."),
    Action("delete-snapshot", "Delete", ("x",), _G, "take the one under the cursor away", changes=True, dangerous=True,
           needs_domain=False, warning="It cannot be gone back to any more."),
    Action("clone-snapshot", "Clone", ("c",), _G, "a new guest with the disks as they were at the one under the cursor",
           changes=True, needs_domain=False),
)  # fmt: skip
