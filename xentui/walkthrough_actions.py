"""What can be done on the screens of the walkthroughs: a part of the registry, see `xentui.actions`.

None of it is a toolstack's: the screens carry it out by its name.
"""

from __future__ import annotations

from xentui.actions import Action, Group

_W = Group.WALKTHROUGH

#: On the list of walkthroughs.
CHOOSE: tuple[Action, ...] = (
    Action("open-walkthrough", "Open", ("enter",), _W, "go through it; it goes on where you left it",
           needs_domain=False),
    Action("class", "Class", ("c",), _W, "who is in the class, how far, and what holds them up", needs_domain=False),
    Action("watch", "Watch", ("w",), _W, "the shell of somebody who presents a walkthrough on this dom0",
           needs_domain=False),
    Action("forget-progress", "Begin anew", ("n",), _W, "forget how far you came in it", needs_domain=False),
    Action("refresh", "Read again", ("f5", "r"), _W, "read the files again", needs_domain=False),
)  # fmt: skip

#: In a walkthrough, while its text has the keys.
WALK: tuple[Action, ...] = (
    Action("go-on", "Go on", ("enter", "n"), _W, "check this step; if it is done, go to the next one",
           needs_domain=False),
    Action("do-step", "Do it", ("d",), _W, "do it for me: the step's commands are typed in the shell",
           needs_domain=False, changes=True),
    Action("rest", "The rest", ("R",), _W, "do all that is left, up to a step that destroys something or does not work",
           needs_domain=False, changes=True),
    Action("send-command", "Type one", ("x",), _W, "type the command that has the mark, and mark the next one",
           needs_domain=False, changes=True),
    Action("check-step", "Check", ("c",), _W, "look whether this step is done, and what is missing",
           needs_domain=False),
    Action("look", "Look", ("l",), _W, "type the command that shows what the check looked at", needs_domain=False,
           changes=True),
    Action("hint", "Hint", ("h",), _W, "a hint; the last one is the answer", needs_domain=False),
    Action("undo-step", "Undo", ("u",), _W, "take this step back", needs_domain=False, changes=True),
    Action("skip-step", "Skip", ("s",), _W, "go on without having done it; the list of steps says so",
           needs_domain=False),
    Action("step-back", "Back", ("b", "p"), _W, "read the step before again", needs_domain=False),
    Action("steps", "Steps", ("t",), _W, "all steps, with what is done and what was skipped", needs_domain=False),
    Action("to-shell", "Shell", ("tab",), _W, "type in the shell; the leader key and o come back", needs_domain=False),
    Action("read-on", "Read on", ("space",), _W, "a page of the text on; when presenting, the next step after it",
           needs_domain=False),
    Action("present", "Present", ("P",), _W, "large, for a room; Space and b go through it, nothing is checked",
           needs_domain=False),
    Action("large-text", "Large", ("f",), _W, "the text has all the room, or no longer", needs_domain=False),
    Action("clean-up", "Clean up", ("C",), _W, "take back all that the walkthrough did", needs_domain=False,
           changes=True),
    Action("close-walkthrough", "Close", ("Q",), _W, "leave it and its shell; it goes on from here another day",
           needs_domain=False),
)  # fmt: skip
