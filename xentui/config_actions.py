"""What can be done in the editor of a configuration: the rest of the registry, see `xentui.actions`.

The keys of the form are letters; in the text, where letters are typed, the second key of each does it.
"""

from __future__ import annotations

from functools import partial

from xentui.actions import Action, Group

_edit = partial(Action, group=Group.CONFIGURATION, needs_domain=False)

EDIT: tuple[Action, ...] = (
    _edit("config-value", "Change", ("enter",), help="the value of the key under the cursor", changes=True),
    _edit("config-remove", "Leave away", ("x", "delete"), help="take the key out of the file", changes=True),
    _edit("config-find", "Find key", ("slash",), help="go to a key by its name"),
    _edit("config-only", "Set ones", ("o",), help="show only the keys that are set, or all that this guest may have"),
    _edit("config-other", "Text/form", ("tab",), help="from the form to the text and back"),
    _edit("config-next", "Next finding", ("n", "ctrl+n", "f4"), help="go to the next thing that is wrong"),
    _edit("config-repair", "Repair", ("r", "ctrl+r", "f6"), help="mend what is wrong here, where that is mechanical",
          changes=True),
    _edit("config-convert", "Convert", ("c", "f8"), help="make today's file of one for xm", changes=True),
    _edit("config-undo", "Undo", ("u", "ctrl+z"), help="the text as it was before the last change", changes=True),
    _edit("config-diff", "Changes", ("d", "ctrl+d", "f7"), help="what was changed, and what that does to the guest"),
    _edit("config-save", "Save", ("s", "ctrl+o", "f2"), help="look at the changes and write the file", changes=True),
    _edit("refresh", "Check again", ("f5",), help="look again for the files, bridges and disks on the host"),
)  # fmt: skip
