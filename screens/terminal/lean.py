"""The lean driver: Textual on any terminal of the VT100 family, down to a 9600-baud line.

Textual offers its drivers a string of escape sequences per frame. This one takes the compositor's strips instead
(`App._display`, where that string would be made) and paints them on a sheet; the glass writes what differs from
what the terminal shows; the line says when there is room for it. See `sheet`, `glass` and `line` for why.
What else Textual writes itself are queries and private modes that few terminals know: none of it gets out.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from time import monotonic, thread_time
from types import FrameType
from typing import Any

from rich.style import Style
from textual import events
from textual._compositor import CompositorUpdate
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from xentui.screens.terminal import capabilities, modes, size
from xentui.screens.terminal.attributes import TtyAttributes, descriptor
from xentui.screens.terminal.fast_input import FastInput
from xentui.screens.terminal.glass import Glass
from xentui.screens.terminal.input import TYPED, InputParser, Token, escape_delay
from xentui.screens.terminal.key_names import KeyNames
from xentui.screens.terminal.line import Line, is_pseudo_terminal
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet
from xentui.screens.terminal.statistics import Statistics

_ANSWERS_KEY = 0.2
"""Seconds after a key in which what is painted is its effect, and written first."""
_SETTLE = 0.06
"""Seconds without a new frame before the first one is written: Textual starts with several."""
_COALESCE, _COALESCE_AT_MOST = 0.01, 0.08
"""Seconds in which frames that follow each other, as when a dialog opens, become one; at most, while Textual is
busy all the time and so likely to make another."""
_LEAVING = 2.0
"""Seconds that leaving may take on a line that does not move."""
_ENDING = 10
"""Seconds that the app may take to end after a signal."""
_STUCK = 3
"""Seconds after a signal in which the event loop must have come to it."""
_SIZE_ANSWER, _LATE_ANSWER = 1.5, 15.0
"""Seconds to wait for a size before 80x24 is taken; in which an answer is one."""


class LeanDriver(Driver):
    """Use as `App(driver_class=LeanDriver)`.

    Raises UnusableTerminalError when there is no terminal, or one that cannot carry a full screen. Call
    `capabilities.detect` before the app is made, to say so before anything is started.
    """

    glyphs: str | None = None
    """What --glyphs says: "ascii", "unicode", or None for what the terminal can show."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._in = descriptor(sys.__stdin__)
        self._out = next(filter(os.isatty, map(descriptor, (sys.__stdout__, sys.__stderr__))), -1)
        self.capabilities = capabilities.detect(self._out, glyphs=self.glyphs, no_colour=app.no_color)
        self.statistics = Statistics()
        self._attributes = TtyAttributes(self._in)
        self._keys = XTermParser(False)
        self._names = KeyNames(self._keys)
        self._mouse = mouse and self.capabilities.mouse
        self._thread = threading.current_thread()
        self._running = False
        self._line: Line | None = None
        self._fast: FastInput | None = None
        self._glass: Glass | None = None
        self._sheet: Sheet | None = None
        self._pump_timer: asyncio.TimerHandle | None = None
        self._escape_timer: asyncio.TimerHandle | None = None
        self._unwritten_frames = 0
        self._unwritten_since = self._looked_at = self._worked_until = 0.0
        self._size_asked = self._repeat_asked = False
        self._tty_had_size = True
        self._key_pressed_at = 0.0
        self._hot_rows: set[int] = set()
        self.read_before = b""  # out of turn: see `reflex`
        self._resumed = False
        app.__dict__["_display"] = self._display
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._on_end_signal)
        signal.signal(signal.SIGTSTP, self._on_stop_signal)
        signal.signal(signal.SIGCONT, self._on_continue_signal)
        atexit.register(self._leave)

    @property
    def can_suspend(self) -> bool:
        """Whether `App.suspend` may be used."""
        return True

    # Starting and leaving

    def start_application_mode(self) -> None:
        """Make the tty raw, find its size, and begin with an unknown glass."""
        if self._running:  # after SIGSTOP, which cannot be heard: the shell has had the terminal
            self._attributes.make_raw()
            self.redraw()
            return
        self._running = True
        self._attributes.make_raw()
        self._parser = InputParser(utf8=self.capabilities.utf8)
        self._line = Line(self._out, self._loop, self.statistics, answers=self.capabilities.answers)
        self._fast = FastInput(self._loop, self._take) if self._line.has_speed else None
        self._line.on_room = self._pump
        (width, height), early = self._find_size()
        signal.signal(signal.SIGWINCH, self._on_size_signal)
        self._new_size(width, height)
        self._line.write(modes.entering(self.capabilities, mouse=self._mouse))
        if self.capabilities.repeat and self.capabilities.answers:
            # Many a terminal calls itself xterm and does not repeat, or ASCII only (tmux): the answer's column
            # shows whether it did. The blank is of two bytes where such are written.
            blank = b" " if self.capabilities.glyphs in ("ascii", "dec") else "\u00a0".encode()
            self._line.write(b"\x1b[H" + blank + b"\x1b[2b\x1b[6n")
            self._repeat_asked = True
        self._loop.add_reader(self._in, self._read)
        if early:
            self._take(early)
        if self._resumed:
            self._resumed = False
            self.send_message(self.SignalResume())

    def disable_input(self) -> None:
        """Read no more."""
        if not self._running:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        with contextlib.suppress(Exception):
            self._loop.remove_reader(self._in)
        for held in (self._fast, self._escape_timer):
            if held is not None:
                held.cancel()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self._leave()

    def close(self) -> None:
        """Give the terminal back, if that was not done yet."""
        self._leave()

    def _leave(self) -> None:
        """Restore the terminal. Needs no event loop, and doing it twice does nothing."""
        if not self._running or self._line is None:
            return
        self._running = False
        if self._pump_timer is not None:
            self._pump_timer.cancel()
        self._line.finish(modes.leaving(self.capabilities, mouse=self._mouse), _LEAVING)
        self._attributes.drop_input(answer_due=self._line.question_open or self._size_asked or self._repeat_asked)
        self._attributes.restore()
        if not self._tty_had_size:
            size.tell_tty(self._out, (0, 0))  # whoever comes next may come with another terminal

    # Signals

    def _on_end_signal(self, number: int, frame: FrameType | None) -> None:
        """Python runs this between any two instructions, so it only arranges for the end: soon, or by force."""

        def end_by_force(*_: object) -> None:
            self._leave()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        def end() -> None:
            self._leave()  # first, as nobody knows how long the rest takes
            signal.alarm(_ENDING)
            self._app.exit(return_code=128 + number)

        signal.signal(signal.SIGALRM, end_by_force)
        signal.alarm(_STUCK)
        self._loop.call_soon_threadsafe(end)

    def _on_stop_signal(self, number: int, frame: FrameType | None) -> None:
        if self._auto_restart and self._running:
            self.suspend_application_mode()
            self._resumed = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _on_continue_signal(self, number: int, frame: FrameType | None) -> None:
        if self._auto_restart and (self._resumed or self._running):
            self._loop.call_soon_threadsafe(self.resume_application_mode)

    def _on_size_signal(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._size_changed)

    # Size

    def _find_size(self) -> tuple[size.Size, bytes]:
        """The size, and what was typed while the terminal was asked."""
        early = b""
        found = size.of_tty(self._out)
        if found is None and self.capabilities.answers:
            found, early = size.ask(self._in, self.capabilities, _SIZE_ANSWER)
            self._tty_had_size = False
            if found is not None:
                size.tell_tty(self._out, found)
            else:
                self._await_size()
        return found or size.without_answer(os.environ, self.capabilities), early

    def ask_size(self) -> None:
        """Ask the terminal for its size, as after it was exchanged for another; the answer comes as a key does."""
        if self._running and self._line is not None and self.capabilities.answers:
            self._await_size()
            self._line.write(size.question(self.capabilities))
            if self._glass is not None:
                self._glass.pen.lose()

    def _await_size(self) -> None:
        """An answer that comes late is good all the same; for a while, as Shift+F3 looks like one."""
        self._size_asked = True
        self._loop.call_later(_LATE_ANSWER, setattr, self, "_size_asked", False)

    def _size_changed(self) -> None:
        found = size.of_tty(self._out)
        if found is not None and found != self._size and self._running:
            self._new_size(*found)

    def _new_size(self, width: int, height: int) -> None:
        self._size = width, height
        if self._sheet is not None and (self._sheet.width, self._sheet.height) == (width, height):
            self.redraw()  # back from a stop, or the same size again
        else:
            looks = Looks(self.capabilities, dark=self._app.current_theme.dark)
            self._sheet = Sheet(width, height, looks, self.capabilities.glyphs)
            repeats = self._glass is not None and self._glass.pen.repeats
            self._glass = Glass(self.capabilities, self._sheet)
            self._glass.pen.repeats = repeats
        self.send_message(events.Resize(Size(width, height), Size(width, height)))

    # Output

    def write(self, data: str) -> None:
        """What Textual writes itself: the bell passes, and the clipboard where a mouse has been seen to work."""
        if not self._running or self._line is None:
            return
        if data == "\a" or (data.startswith("\x1b]52;") and self.capabilities.mouse):
            self._line.write(data.encode("ascii", "ignore"))

    def redraw(self) -> None:
        """Clear the screen and write all of it anew: line noise or another program's output is on it."""
        if self._glass is not None:
            self._glass.forget()
            self._schedule(0, self._pump)

    def look_again(self) -> None:
        """Draw all anew; and where nobody says that the terminal is another now, ask it for its size."""
        self.redraw()
        if not (self._tty_had_size and is_pseudo_terminal(self._out)):
            self.ask_size()

    def _display(self, screen: object, renderable: object) -> None:
        """In place of App._display."""
        app = self._app
        try:
            sheet = self._sheet
            idle = app._batch_count or not app._running or app._closed or not self._running
            if renderable is None or idle or sheet is None:
                return
            if sheet.looks.dark is not app.current_theme.dark:
                sheet.looks.dark = app.current_theme.dark
                sheet.forget_styles()
            touched = set(sheet.touched)
            try:
                known = isinstance(renderable, CompositorUpdate) and sheet.paint(renderable)
            except Exception as error:
                app._handle_exception(error)
                return
            if not known:
                raise TypeError(f"a kind of screen update that this driver does not know: {renderable!r}")
            if monotonic() - self._key_pressed_at < _ANSWERS_KEY:
                self._hot_rows |= sheet.touched - touched
            self._frame_painted()
        finally:
            app.post_display_hook()

    def paint_ahead(self, x: int, rows: list[tuple[int, list[tuple[str, Style | None]]]]) -> bool:
        """Show these texts from column `x` of their rows on at once; for a widget that knows that nothing lies over
        it. False, and nothing is done, where the app is not to be seen.
        """
        sheet = self._sheet
        if not self._running or sheet is None or not self.statistics.frames_sent:
            return False
        for y, texts in rows:
            sheet.paint_texts(y, x, texts)
        self._unwritten_frames += 1
        self._pump()
        return True

    def paint_cells_ahead(self, y: int, x: int, texts: list[tuple[str, Style | None]]) -> bool:
        """As `paint_ahead`, for a few cells of one row: no row is compared for them, if all else is written."""
        free = self.free_for_cells()
        if free is None:
            return self.paint_ahead(x, [(y, texts)])
        sheet, glass, line = free
        frame = glass.cells(y, x, sheet.paint_texts(y, x, texts))
        if frame is None:
            self._unwritten_frames += 1
            self._pump()
        else:
            line.write(frame)
            self.statistics.frames_sent += 1
        return True

    def free_for_cells(self) -> tuple[Sheet, Glass, Line] | None:
        """Where a few cells can be written by themselves, since all else is; None where it is not."""
        sheet, glass, line = self._sheet, self._glass, self._line
        if sheet is None or glass is None or line is None or self._unwritten_frames or glass.behind or sheet.wide:
            return None
        if line.room() == 0 or not self._running or not self.statistics.frames_sent:
            return None
        return sheet, glass, line

    def _frame_painted(self) -> None:
        self._unwritten_frames += 1
        if self._unwritten_frames == 1:
            self._unwritten_since = monotonic()
        elif self._pump_timer is not None and monotonic() - self._unwritten_since > _COALESCE_AT_MOST:
            return  # however many follow
        self._looked_at, self._worked_until = monotonic(), thread_time()
        self._schedule(_COALESCE if self.statistics.frames_sent else _SETTLE, self._write_if_settled)

    def _write_if_settled(self) -> None:
        now, worked = monotonic(), thread_time()
        busy = worked - self._worked_until > (now - self._looked_at) / 2
        self._looked_at, self._worked_until = now, worked
        if busy and now - self._unwritten_since < _COALESCE_AT_MOST:
            self._schedule(_COALESCE, self._write_if_settled)
        else:
            self._pump()

    def _schedule(self, delay: float, call: Callable[[], None]) -> None:
        if self._pump_timer is not None:
            self._pump_timer.cancel()
        self._pump_timer = self._loop.call_later(delay, call)

    def _pump(self) -> None:
        """Write as much of the newest state as the line has room for."""
        if self._pump_timer is not None:
            self._pump_timer.cancel()
            self._pump_timer = None
        line, glass = self._line, self._glass
        if not self._running or line is None or glass is None or not glass.behind:
            return
        room = line.room()
        if room == 0:
            self._schedule(line.wait(), self._pump)
            return
        try:
            frame = glass.frame(room, self._hot_rows)
        except Exception as error:
            self._app._handle_exception(error)
            return
        if frame:
            line.write(frame)
            if self._unwritten_frames:
                self.statistics.frames_sent += 1
                self.statistics.frames_skipped += self._unwritten_frames - 1
        self._unwritten_frames = 0
        if glass.behind:
            self._schedule(line.wait(), self._pump)

    # Input

    def _read(self) -> None:
        # Since the loop saw something, it may have been dropped; and reading nothing would wait for the next key.
        if not self._running or not (self.read_before or select.select([self._in], [], [], 0)[0]):
            return
        try:
            data, self.read_before = self.read_before or os.read(self._in, 4096), b""
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # hung up
            self._loop.remove_reader(self._in)
            self._app.exit(return_code=128 + signal.SIGHUP)
            return
        if self._fast is not None:
            for_a_guest = getattr(self._app.focused, "takes_all_keys", False)
            if self._fast.holds(data, may_begin=not (self._parser.waiting or for_a_guest)):
                return
        if (text := TYPED.get(data)) and self._parser.rests:
            self._key(text)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        for token in self._parser.feed(data):
            self._dispatch(token)
        if self._escape_timer is not None:
            self._escape_timer.cancel()
            self._escape_timer = None
        if self._parser.waiting:
            delay = 2.0 if self._parser.pasting else escape_delay(self.statistics.bytes_per_second)
            self._escape_timer = self._loop.call_later(delay, self._input_timeout)

    def _input_timeout(self) -> None:
        self._escape_timer = None
        for token in self._parser.timeout():
            self._dispatch(token)

    def _dispatch(self, token: Token) -> None:
        kind, text = token
        if kind == "noise":
            self.statistics.noise_bytes += len(text)
        elif kind == "paste":
            self.process_message(events.Paste(text))
        elif kind == "answer" and self._answer(text):
            pass
        elif text == "\x0c" and not getattr(self._app.focused, "takes_all_keys", False):
            self.look_again()
        else:
            self._key(text)

    def send_message(self, message: Message) -> None:
        """Post a message to the app; input is read in the loop's own thread, so without a detour."""
        if threading.current_thread() is self._thread:
            self._app.post_message(message)
        else:
            super().send_message(message)

    def _key(self, text: str) -> None:
        self._key_pressed_at = monotonic()
        self._hot_rows.clear()
        names = self._names.known(text)
        if names is None:
            if self._mouse and text.startswith(("\x1b[<", "\x1b[M")):
                self._point(text)
                return
            names = self._names.find(text)
        if not names:
            self.statistics.noise_bytes += len(text)
        whole = text if len(names) == 1 else None  # a guest gets what was sent, not what it is called
        for name, character in names:
            if name != "<ignore>" and not self._taken_at_once(name, character, whole):
                key = events.Key(name, character)
                key.sequence = whole  # type: ignore[attr-defined]
                self.process_message(key)

    def _point(self, text: str) -> None:
        """The mouse."""
        with contextlib.suppress(ValueError):
            if (event := self._keys.parse_mouse_code(text)) is not None:
                self.process_message(event)

    def _taken_at_once(self, name: str, character: str | None, sequence: str | None) -> bool:
        """Whether the app has taken the key without its way through Textual's queues: see `TypeAhead.key_now`."""
        take: Callable[[str, str | None, str | None], bool] | None = getattr(self._app, "key_now", None)
        try:
            return take is not None and take(name, character, sequence)
        except Exception as error:
            self._app._handle_exception(error)
            return True

    def _answer(self, text: str) -> bool:
        """Whether this is an answer to something that was asked."""
        if text == "\x1b[0n" and self._line is not None:
            self._line.answered()
            return True
        if self._repeat_asked and text.startswith("\x1b[1;") and text.endswith("R"):  # a late size is no such answer
            self._repeat_asked = False
            if self._glass is not None:
                self._glass.pen.repeats = text == "\x1b[1;4R"
            return True
        if text.endswith("R") and self._size_asked:
            self._size_asked = False
            rows, _, columns = text[2:-1].partition(";")
            found = (int(columns), int(rows)) if rows.isdigit() and columns.isdigit() else (0, 0)
            if size.plausible(*found) and found != self._size:
                size.tell_tty(self._out, found)
                self._new_size(*found)
            return True
        return text.endswith(("n", "c", "y"))
