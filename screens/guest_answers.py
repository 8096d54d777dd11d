"""What was answered in the wizard so far. The app keeps it: a screen that is closed by mistake loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.guests.templates import Template


@dataclass(slots=True)
class Answers:
    """`wish` is by the options' names, see `xentui.guests.options`; `base` the template that was chosen."""

    guest: str = ""
    base: Template | None = None
    start_it: bool = False
    wish: dict[str, str | bool | list[str]] = field(default_factory=dict)
