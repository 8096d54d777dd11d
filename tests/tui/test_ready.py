"""Who waits for the table, as the guests of the Live CD do, is told by a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import opened
from textual.strip import Strip

from xentui.screens import ready
from xentui.screens.widgets.domain_table import DomainTable


async def test_the_file_is_made_once_the_table_was_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "table"
    monkeypatch.setenv(ready.VARIABLE, str(told))
    told_at: list[bool] = []
    render_line = DomainTable.render_line

    def drawn(table: DomainTable, y: int) -> Strip:
        strip = render_line(table, y)
        if "Domain-0" in strip.text:
            told_at.append(told.exists())
        return strip

    monkeypatch.setattr(DomainTable, "render_line", drawn)
    async with opened() as desk:
        await desk.until(told.exists, "the file")
    assert told_at[0] is False


@pytest.mark.parametrize("place", ["", "/nowhere/at/all"])
def test_where_it_cannot_be_made_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv(ready.VARIABLE, place)
    ready.tell_ready()
