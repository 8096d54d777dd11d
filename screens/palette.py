"""The palette: every action of the registry that belongs on a screen, to be found by its name."""

from __future__ import annotations

from xentui.actions import impossible
from xentui.screens.dialogs.choose import Choice
from xentui.screens.keys import shown
from xentui.screens.live_screen import LiveScreen


def palette_choices(screen: LiveScreen, *, read_only: bool) -> list[Choice]:
    """What can be done here; what cannot be done now says why."""
    first = screen.targets[0] if screen.targets else None
    choices = []
    for action in screen.registry.values():
        if action.name == "palette" or not screen.offers(action):
            continue
        reason = impossible(action, first, read_only=read_only)
        key = shown(action.keys[0]) if action.keys else ""
        remark = f"{key:<6}{f'not now: {reason}' if reason else action.help}"
        choices.append(Choice(action.name, action.title, remark, "dialog-dim" if reason else ""))
    return choices
