"""What is drawn of a dialog before Textual has told its parts their sizes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from driving import opened
from textual.strip import Strip

from xentui.screens.dialogs.form import Field, Form
from xentui.screens.dialogs.prose import Prose


async def test_no_line_of_a_form_is_ever_a_single_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a loaded dom0 that stood there for a second, and on a serial line each of its bytes is waited for."""
    painted: list[str] = []
    original = Prose.render_line

    def render_line(prose: Prose, y: int) -> Strip:
        strip = original(prose, y)
        painted.append(strip.text.strip())
        return strip

    async def attempt(_values: Mapping[str, str]) -> str | None:
        return None

    monkeypatch.setattr(Prose, "render_line", render_line)
    async with opened() as desk:
        desk.app.push_screen(
            Form("Take a snapshot of server01", [Field("name", "Name")], attempt, remark="While it runs.")
        )
        await desk.see("While it runs.")
    assert {text for text in painted if text} == {"Take a snapshot of server01", "Name", "While it runs."}
