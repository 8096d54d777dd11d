"""The base of all full screens: they show the newest snapshot, and do the actions of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from xentui.actions import BY_NAME, Action, impossible
from xentui.domains.domain import Domain
from xentui.screens.type_ahead import ReadyScreen
from xentui.screens.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


class LiveScreen(ReadyScreen[None]):
    """A method ``do_NAME`` of the screen or of the app carries out the registry's action NAME."""

    @property
    def xentui(self) -> XentuiApp:
        """The app, by its own type."""
        return cast("XentuiApp", self.app)

    @property
    def is_mounted(self) -> bool:
        """Whether its widgets are there. Textual says so of a screen that was closed, too, and what comes late for it,
        from a thread that asked the host, would find none of them."""
        return super().is_mounted and (self in self.app.screen_stack or self.app.is_screen_installed(self))

    #: What can be done on this screen, by name.
    registry: Mapping[str, Action] = BY_NAME
    #: What its signs mean, for the help.
    signs: tuple[tuple[str, str], ...] = ()

    @property
    def targets(self) -> list[Domain]:
        """The domains that an action is meant for."""
        return []

    def about(self, action: Action) -> Domain | None:
        """The domain that an action of the screen itself is about: whether it is possible is asked of that."""
        return self.targets[0] if self.targets else None

    @property
    def out_of_sight(self) -> str:
        """Why what is marked cannot be acted on, as a sentence; empty if it can."""
        return ""

    def snapshot_changed(self) -> None:
        """There is a newer snapshot, or what is known became older."""

    def say(self, text: str, role: str = "status") -> None:
        """One sentence in the status line."""
        for line in self.query(StatusLine):
            line.say(text, role)

    def handler(self, action: Action) -> Callable[[], object] | None:
        """What carries out an action that is not a toolstack's."""
        name = f"do_{action.name.replace('-', '_')}"
        return getattr(self, name, None) or getattr(self.app, name, None)

    def offers(self, action: Action) -> bool:
        """Whether the action belongs on this screen."""
        if action.run is not None:
            return bool(self.targets)
        return self.handler(action) is not None

    def action_do(self, name: str) -> None:
        """Do what a key or the palette asks for, or say why not."""
        action = self.registry[name]
        if self.out_of_sight and (action.many or action.run is not None):
            self.say(self.out_of_sight, "error")
            return
        if action.run is not None:
            self.xentui.perform(action, self.targets)
            return
        reason = impossible(action, self.about(action), read_only=self.xentui.read_only)
        handler = self.handler(action)
        if reason is not None or handler is None:
            self.say(reason or f"{action.title} is not possible on this screen.", "error")
        else:
            handler()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.snapshot_changed()
        self.xentui.show_failures()
