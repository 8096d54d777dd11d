"""What a console paints ahead of Textual's frames is what Textual would have shown, and comes when it may only."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_desk import Desk, opened
from rich.style import Style
from textual.pilot import Pilot
from textual.screen import ModalScreen

from xentui.screens.terminal import capabilities
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet
from xentui.screens.widgets.console_pane import ConsolePane

STREAMS = Path(__file__).parents[1] / "unit" / "console" / "streams"
LEADER = "ctrl+right_square_bracket"


class Ahead:
    """Stands for the lean driver: a sheet that gets what is painted ahead, and what Textual shows, to compare."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.app = pilot.app
        has = dict.fromkeys(("bold", "dim", "italic", "underline", "blink", "reverse", "strike"), True)
        self.looks = Looks(capabilities.Capabilities(colours=256, utf8=True, **has), dark=True)  # type: ignore[arg-type]
        self.sheet = self.textuals()
        self.rows = 0
        self.app._driver.paint_ahead = self.paint  # type: ignore[union-attr]

    def textuals(self) -> Sheet:
        """What Textual would have the terminal show now."""
        sheet = Sheet(*self.app.size, self.looks, "unicode")
        assert sheet.paint(self.app.screen._compositor.render_full_update())
        return sheet

    def paint(self, x: int, rows: list[tuple[int, list[tuple[str, Style | None]]]]) -> bool:
        for y, texts in rows:
            self.sheet.paint_texts(y, x, texts)
        self.rows += len(rows)
        return True

    def same(self) -> bool:
        """Whether the terminal shows what Textual would have it show."""
        return self.sheet.rows == self.textuals().rows


def feed(pane: ConsolePane, data: bytes) -> None:
    pane.session._take(data)
    pane._answer_due = True  # no waiting for the drawing's turn
    pane._output()


@pytest.mark.parametrize("name", ["vim", "htop", "mc", "dialog", "debian-installer", "vttest-charsets", "less-vt220"])
@pytest.mark.parametrize("size", [(80, 32), (60, 20)])
async def test_a_program_looks_the_same(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    async with Desk(tmp_path).run_test(size=size) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        data = (STREAMS / f"{name}.bin").read_bytes()[:12_000]
        step = len(data) // 25 + 1
        for start in range(0, len(data), step):
            feed(pane, data[start : start + step])
            assert ahead.same(), f"after {start + step} bytes"
        assert ahead.rows > 25
        assert not pane._repaint_regions, "what was painted ahead is not drawn a second time"


@pytest.mark.parametrize("keys", [("T",), ("g",), ("question_mark",), ("v",), ()])
async def test_what_lies_over_the_guest_is_painted_ahead_as_well(tmp_path: Path, keys: tuple[str, ...]) -> None:
    async with Desk(tmp_path).run_test(size=(80, 28)) as pilot:
        pane = await opened(pilot)
        feed(pane, b"".join(b"line %d\r\n" % number for number in range(100)))
        await pilot.press(LEADER, *keys)
        await pilot.pause()
        ahead = Ahead(pilot)
        for number in range(5):
            feed(pane, b"\x1b[%d;1Hmore %d" % (3 * number + 1, number) + b"\r\n" * number)
            assert ahead.same()


async def test_nothing_is_painted_over_a_dialog_nor_into_a_pane_that_is_hidden(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 28)) as pilot:
        first = await opened(pilot, "server01")
        await opened(pilot, "client01")
        await pilot.pause()
        ahead = Ahead(pilot)
        feed(first, b"hidden")
        assert ahead.rows == 0
        app.deck.show(first)
        await pilot.pause()
        await app.push_screen(ModalScreen[None]())
        await pilot.pause()
        ahead = Ahead(pilot)
        feed(first, b"\x1b[10;1Hunder the dialog")
        assert ahead.rows == 0
        app.pop_screen()
        await pilot.pause()
        ahead = Ahead(pilot)
        feed(first, b"x")
        assert ahead.rows > 0
        assert ahead.same()
