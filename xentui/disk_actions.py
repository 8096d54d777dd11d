"""What can be done on the screens of the disks: the rest of the registry, see `xentui.actions`.

None of it is a toolstack's: the screens carry it out by its name.
"""

from __future__ import annotations

from functools import partial

from xentui.actions import BY_NAME, Action, Group

_disk = partial(Action, group=Group.DISKS, needs_domain=False)
_plan = partial(Action, group=Group.PLAN, needs_domain=False)

#: On the tree of all disks.
SEE: tuple[Action, ...] = (
    _disk("disk-details", "Details", ("enter",), help="all that is known of it, and all its uses"),
    _disk("disk-plan", "Plan", ("p",), help="plan changes to the disk; nothing is written meanwhile"),
    _disk("disk-image", "Image", ("n",), help="a new disk image, or one that is there, to plan on", changes=True),
    _disk("disk-map", "Map", ("m",), help="make devices of the partitions in an image or volume", changes=True),
    _disk("disk-unmap", "Unmap", ("M",), help="take those devices away; do so before its guest starts", changes=True),
    _disk("disk-install", "Install", ("I",), help="on the Live CD: erase the disk and install this system on it",
          changes=True, dangerous=True, warning="All that the disk holds is lost."),
    _disk("refresh", "Read again", ("f5", "r"), help="read all disks and their uses again"),
)  # fmt: skip

#: On a plan.
PLAN: tuple[Action, ...] = (
    _disk("plan-what", "What to do", ("enter",), help="all that can be done with what is under the cursor"),
    _disk("plan-add", "Add", ("a",), help="a partition in the free space; in a group, a volume"),
    _disk("plan-delete", "Delete", ("d",), help="the partition, the volume, the volume group"),
    _disk("plan-resize", "Resize", ("r",), help="a partition or volume together with its file system"),
    _disk("plan-move", "Move", ("v",), help="a partition with its data to a place that is free"),
    _disk("plan-format", "Format", ("f",), help="make a file system or swap space on it"),
    _disk("plan-type", "Type", ("y",), help="what the table says that a partition is for"),
    _disk("plan-name", "Name", ("n",), help="a partition's name in a GPT"),
    _disk("plan-flag", "Flag", ("b",), help="turn a flag of a partition on or off: boot, hidden, ..."),
    _disk("plan-check", "Check", ("c",), help="check the file system on a partition"),
    _disk("plan-lvm", "LVM", ("l",), help="physical volumes, volume groups, logical volumes, snapshots"),
    _disk("plan-mount", "Mount", ("m",), help="mount a partition, with the guide's folders if wanted"),
    _disk("plan-table", "New table", ("t",), help="an empty partition table; all that was there is lost"),
    _disk("plan-layout", "Layout", ("W",), help="a layout of the guide, ready made: files, LVM host, dom0 disk"),
    _plan("plan-undo", "Undo", ("u",), help="the list of operations as it was before"),
    _plan("plan-redo", "Redo", ("U",), help="what was undone, again"),
    _plan("plan-drop", "Drop one", ("x",), help="take the operation under the cursor out of the list"),
    _plan("plan-drop-group", "Drop group", ("X",), help="the same with all that were added together with it"),
    _plan("plan-commands", "Commands", ("C",), help="the exact commands that the plan comes to"),
    _plan("plan-save", "Save", ("s",), help="write the plan to a file", changes=True),
    _plan("plan-load", "Load", ("o",), help="read a plan from a file"),
    _plan(
        "plan-write", "Write", ("w",), help="carry the plan out", changes=True, dangerous=True,
        warning="What the plan deletes or formats is lost.",
    ),
)  # fmt: skip


#: While a plan is carried out.
WRITING: tuple[Action, ...] = (
    _plan("cancel", "Stop", ("ctrl+x",), help="stop when the step under way is done"),
    _plan("quit", "Back", ("f10",), help="back to the disks, once it has ended"),
)


def with_program(actions: tuple[Action, ...]) -> dict[str, Action]:
    """`actions` and the program's own, by name: all that belongs on a screen."""
    own = {action.name: action for action in actions}
    keys = {key for action in actions for key in action.keys}
    everywhere = [a for a in BY_NAME.values() if a.group is Group.PROGRAM or a.name in ("host-info", "command-log")]
    return {**own, **{a.name: a for a in everywhere if a.name not in own and not keys & set(a.keys)}}
