"""What a console paints ahead of Textual's frames is what Textual would have shown, and comes when it may only."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_desk import Desk, opened, prints
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
        self.app._driver.paint_cells_ahead = self.paint_cells  # type: ignore[union-attr]
        self.echoes = 0

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

    def paint_cells(self, y: int, x: int, texts: list[tuple[str, Style | None]]) -> bool:
        self.sheet.paint_texts(y, x, texts)
        self.echoes += 1
        return True

    def same(self) -> bool:
        """Whether the terminal shows what Textual would have it show."""
        return self.sheet.rows == self.textuals().rows


def feed(pane: ConsolePane, data: bytes) -> None:
    pane._answer_due = True  # no waiting for the drawing's turn
    prints(pane, data)


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


async def test_the_cursor_leaves_its_row_after_all_was_drawn(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 28)) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        feed(pane, b"\x1b[2J\x1b[6;1Hhere")
        feed(pane, b"\x1b[8;1H")
        assert ahead.same()


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


def printed(pane: ConsolePane, data: bytes) -> None:
    """The guest prints, as when the event loop reads it."""
    pane.session._take(data, echoed=pane.session.echo(data))
    pane._answer_due = True
    pane._output()


@pytest.mark.parametrize("size", [(80, 32), (60, 20)])
async def test_the_echo_of_a_key_is_painted_by_its_cells_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    async with Desk(tmp_path).run_test(size=size) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"\x1b[2J\x1b[H\x1b[1;32mserver01\x1b[m:\x1b[7m~\x1b[m$ ")
        for looks in (b"", b"\x1b[1;31;44m", b"\x1b[38;2;9;99;199m", b"\x1b[?5h", b"\x1b[7m"):
            printed(pane, looks + b"\x1b[K" + b"\x1b[20C.\x1b[21D")
            before, rows = ahead.echoes, ahead.rows
            for letter in b"ls -l *":
                printed(pane, bytes([letter]))
                assert ahead.same(), f"after {letter:c} in {looks!r}"
            assert (ahead.echoes, ahead.rows) == (before + 7, rows)
        text = "".join(text for text, _ in pane.session.emulator.runs(0))
        assert text.startswith("server01:~$ ls -l *ls -l *ls -l *ls -l *ls -l *")
        assert not pane._repaint_regions


@pytest.mark.parametrize(
    "before",
    [
        b"\x1b[?25l",  # no cursor
        b"\x1b[8m",  # concealed
        b"\x1b[4h",  # insert mode
        b"\x1b[1;80H",
        "世 ".encode(),
        b"\x1b[3",
    ],
)
async def test_what_is_more_than_an_echo_is_painted_by_rows(tmp_path: Path, before: bytes) -> None:
    async with Desk(tmp_path).run_test(size=(80, 32)) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"\x1b[2J\x1b[H" + before)
        printed(pane, b"mx")
        assert ahead.echoes == 0
        assert ahead.same()


async def test_an_echo_is_painted_only_into_a_pane_that_shows_just_its_guest(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 28)) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"\r\nguest login: ")
        printed(pane, b"x")
        assert ahead.echoes == 1
        for keys in (("T",), ("g",), ("question_mark",), ("v",)):
            await pilot.press(LEADER, *keys)
            await pilot.pause()
            ahead = Ahead(pilot)
            printed(pane, b"y")
            assert ahead.echoes == 0, keys
            assert ahead.same(), keys
            await pilot.press(*((LEADER, "T") if keys == ("T",) else ("escape", "escape")))
            await pilot.pause()
        app.screen.set_focus(app.query_one("#table"))
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"z")
        assert ahead.echoes == 0, "the cursor is another where the keys are not"
        assert ahead.same()
        app.screen.set_focus(pane)
        await pilot.pause()
        await app.push_screen(ModalScreen[None]())
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"z")
        assert ahead.echoes == ahead.rows == 0


async def test_nothing_is_painted_ahead_before_a_new_size_is_laid_out(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 28)) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        printed(pane, b"$ ")
        pilot.app._driver._size = (20, 5)  # type: ignore[union-attr]
        echoes, rows = ahead.echoes, ahead.rows
        printed(pane, b"e")
        assert (ahead.echoes, ahead.rows) == (echoes, rows)
        emulator = pane.session.emulator
        assert "$ e" in "".join(text for text, _ in emulator.runs(emulator.cursor[0]))


async def test_a_key_goes_to_the_guest_in_the_turn_in_which_it_is_read(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 28)) as pilot:
        pane = await opened(pilot)
        await pilot.pause()
        sent: list[bytes] = []
        pane.session._client.send = lambda data: sent.append(data) or True  # type: ignore[method-assign,union-attr]
        assert pane.key_now("a", "a", "a")
        assert pane.key_now("exclamation_mark", "!", "!")
        assert pane.key_now("up", None, "\x1b[A")
        assert sent == [b"a", b"!", b"\x1b[A"]
        assert not pane.key_now(LEADER, "\x1d", "\x1d"), "the leader is the pane's"
        pane.session.may_type = False
        pane.key_now("b", "b", "b")
        pane.session.may_type, pane.session.read_only = True, True
        assert not pane.key_now("b", "b", "b")
        assert len(sent) == 3
