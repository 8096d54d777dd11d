"""A guest's console in a pane: its cells, a title line, and a leader key for what is not meant for the guest.

While the pane has the focus, each key but the leader goes to the guest at once. Output is drawn by a
timer, and only the rows that changed: a flood is fed to the emulator in slices of the event loop and the
newest state is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, time

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from xentui.console.history import Timestamps
from xentui.console.keys import key_bytes, key_label, meta_bytes, paste_bytes
from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.console.watch import Notice, Watch
from xentui.screens.drawing import Line, draw, width_of
from xentui.screens.painting import AheadPainter
from xentui.screens.terminal.clipboard import copy_to_terminal
from xentui.screens.terminal.reflex import Foreseen
from xentui.screens.themes import Theme
from xentui.screens.widgets import console_company, console_texts
from xentui.screens.widgets.console_cells import BLOCK, LINE, overlay, row_segments
from xentui.screens.widgets.console_commands import commands_of, record
from xentui.screens.widgets.console_echo import Echoes
from xentui.screens.widgets.console_history import TIME_WIDTH, HistoryKeys, time_of
from xentui.screens.widgets.console_keys import BY_KEY
from xentui.screens.widgets.console_prompt import Prompt
from xentui.screens.widgets.console_view import ConsoleView

#: Seconds between two drawings of output; the first after a pause is drawn at once, as is the first after a key.
DRAW_SECONDS = 1 / 25
#: The same for so many seconds after a key: what comes is likely to be its effect.
ANSWER_SECONDS, ANSWERS_FOR = 1 / 100, 0.2
#: Seconds after a key in which another is expected.
_TYPING = 30.0
_MARKER = Style(reverse=False, underline=True, bold=True)


class ConsolePane(Widget, can_focus=True):
    """The console of one session, `columns` × `rows` of the guest panned into whatever room there is."""

    ALLOW_SELECT = False
    #: For the driver: not even ctrl+l is its own while this has the focus.
    takes_all_keys = True

    class Changed(Message):
        """The session's state is another one, or the pane has unseen output or a bell now."""

        def __init__(self, pane: ConsolePane) -> None:
            super().__init__()
            self.pane = pane

    class Noticed(Message):
        """The guest printed something that is watched for, and nobody was looking."""

        def __init__(self, pane: ConsolePane, notice: Notice) -> None:
            super().__init__()
            self.pane, self.notice = pane, notice

    def __init__(
        self,
        session: ConsoleSession,
        *,
        leader: str = "ctrl+right_square_bracket",
        erase: str = "\x7f",
        asked: Callable[[ConsolePane, str], None] = lambda _pane, _command: None,
        watch: Sequence[str] = (),
        id: str | None = None,
    ) -> None:
        """`watch`: the patterns that raise a notice. Raises PatternError."""
        super().__init__(id=id)
        self.session = session
        self.leader = leader
        self.erase = erase
        self._asked = asked
        self.view = ConsoleView(session.emulator)
        self.link = ConsoleLink(session, output=self._output, changed=self._session_changed, say=self.say)
        #: What the deck puts before the name: the other consoles.
        self.tabs: Line = ()
        self.unseen = False
        self.bell = False
        self.noticed = False
        self._bells = 0
        self.watcher = Watch(watch, self._notice)
        session.taps.append(self.watcher.feed)
        self._all: tuple[ConsolePane, ...] = ()  # while typing goes to several: those
        self._leading = False
        self._help = False
        self._prompt: Prompt | None = None
        self._history = HistoryKeys(self)
        self._commands = commands_of(self, self._history)
        #: When each line came.
        self.times = Timestamps()
        self._said = ""
        self._drawn_at = self._typed_at = 0.0
        self._answer_due = False
        self._draw_timer: Timer | None = None
        self.drawn_cursor: tuple[int, bool] = (0, False)
        self._drawn = False  # it is on a screen
        self.ahead: AheadPainter = AheadPainter(self, self._line)
        self._echoes = Echoes(self)
        session.echo = self._echoes.take

    # Life

    def on_mount(self) -> None:
        self._drawn = True
        self.link.open()

    async def on_unmount(self) -> None:
        self._drawn = False
        await self.link.close()  # nothing, if it was detached; else the app ends without having asked

    async def detach(self) -> None:
        """Leave the console, within some seconds; the guest goes on."""
        await self.link.close()
        if self.session.recorder is not None:
            record(self)

    @property
    def theme(self) -> Theme:
        """The theme that is chosen in the app."""
        theme: Theme = self.app.palette  # type: ignore[attr-defined]
        return theme

    @property
    def mark(self) -> str:
        """What nobody has looked at yet: "notice", "bell", "unseen", or nothing."""
        return "notice" if self.noticed else "bell" if self.bell else "unseen" if self.unseen else ""

    def _notice(self, notice: Notice) -> None:
        if self._drawn and not (self.has_focus and self.view.live):
            self.noticed = True
            self.post_message(self.Noticed(self, notice))
            self.post_message(self.Changed(self))
        else:
            self.watcher.seen()

    def _session_changed(self) -> None:
        if self.is_attached:
            self.refresh()
            self.post_message(self.Changed(self))

    # Drawing

    def _output(self) -> None:
        """The emulator was fed."""
        self.times.note(self.session.emulator, time())
        if self._echoes.all_shown:
            self._answer_due, self._drawn_at = False, monotonic()
            return
        bells = self.session.emulator.bells
        if bells != self._bells or not (self.unseen or self._answer_due):
            unseen = self.unseen or not self.display
            bell = self.bell or (bells != self._bells and not self.has_focus)
            self._bells = bells
            if (unseen, bell) != (self.unseen, self.bell):
                self.unseen, self.bell = unseen, bell
                self.post_message(self.Changed(self))
        if not self._drawn:
            return
        now = monotonic()
        pause = ANSWER_SECONDS if now - self._typed_at < ANSWERS_FOR else DRAW_SECONDS
        wait = 0.0 if self._answer_due else pause - (now - self._drawn_at)
        if wait <= 0:
            self._draw()
        elif self._draw_timer is None:
            self._draw_timer = self.set_timer(wait, self._draw)

    @property
    def all_drawn(self) -> bool:
        """Whether the pane shows all that came, with no help over it."""
        return self._drawn and self._draw_timer is None and not (self._help or self._repaint_required)

    def _draw(self) -> None:
        """Have the rows drawn that changed."""
        self._answer_due = False
        if self._draw_timer is not None:
            self._draw_timer.stop()
            self._draw_timer = None
        if not self._drawn:
            return
        self._drawn_at = monotonic()
        damage = self.session.emulator.take_damage()
        if not self.view.live:
            self._show([0])  # how many lines are below
            return
        row, _, visible = self.session.emulator.cursor
        rows = damage.rows | {row, self.drawn_cursor[0]}
        self.drawn_cursor = row, visible
        if self.view.follow() or damage.everything or self._overlaid(self.view.width, self.view.height):
            self._show(range(self.view.height + 1))
            return
        top, height = self.view.top - 1, self.view.height
        self._show([r - top for r in rows if 0 < r - top <= height])

    def _show(self, lines: Sequence[int]) -> None:
        """Draw these lines of the pane anew: at once if that can be, else in Textual's next frame."""
        if lines and not self.ahead.paint(lines):
            self.refresh(*(Region(0, y, self.size.width, 1) for y in lines))

    def on_resize(self) -> None:
        self._fit_view(*self.size)
        self.refresh()

    def _fit_view(self, width: int, height: int) -> None:
        """Fit what is in view to a pane of this size. A drawing may come before the message that says the size."""
        width, height = width - TIME_WIDTH * self.view.times_shown, height - 1
        if (width, height) != (self.view.width, self.view.height) and height > 0 and width > 0:
            self.view.resize(width, height)

    def on_show(self) -> None:
        self.refresh()
        if self.unseen:
            self.unseen = False
            self.post_message(self.Changed(self))

    def on_focus(self) -> None:
        self.unseen = self.bell = self.noticed = False
        self.watcher.seen()
        self.post_message(self.Changed(self))

    def on_blur(self) -> None:
        self._leading = False

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        return Strip(self._line(y, width, height), width)

    def _line(self, y: int, width: int, height: int) -> list[Segment]:
        """Line `y` of a pane of this size."""
        if y == 0:
            return list(self._title(width))
        self._fit_view(width, height)
        overlaid = self._overlaid(width, height - 1)
        first = 1 if self._help else height - len(overlaid)
        if overlaid and y >= first:
            line = overlaid[y - first] if y - first < len(overlaid) else ()
            return list(draw(line, width, self.theme, base="dialog" if self._help else "problem"))
        if not self.view.times_shown:
            return self._row(y - 1, width)
        came = time_of(self.times, self.view.first + y - 1, time())
        return [Segment(came[:width], self.theme["dim"]), *self._row(y - 1, max(0, width - TIME_WIDTH))]

    def _overlaid(self, width: int, height: int) -> list[Line]:
        """What stands over the guest's rows: the help from the first on, a notice over the last."""
        if self._help:
            return console_texts.help_lines(self.leader, width, height)
        return console_texts.notice(self.session, self.view, self.leader, width, height)

    def _row(self, y: int, width: int) -> list[Segment]:
        ground = self.theme["text"]
        emulator, view = self.session.emulator, self.view
        runs = view.runs(y)
        if runs is None:
            return [Segment(" " * width, self.theme["dim"])]
        cursor = None
        row, column, visible = emulator.cursor
        live = view.live
        if live and visible and row == view.top + y and self.session.state is State.ATTACHED:
            cursor = column
        segments = row_segments(
            runs, emulator.columns, ground, reverse_screen=emulator.modes.reverse_screen, cursor=cursor,
            # Where the keys go elsewhere the cursor is a line, not a block.
            cursor_style=BLOCK if cursor is not None and self.has_focus else LINE,
        )  # fmt: skip
        if view.left == 0 and emulator.columns == width and live:
            return segments
        strip = Strip(segments)
        if (cells := view.marked_cells(y)) is not None:
            strip = overlay(strip, *cells, BLOCK)
        if view.cursor is not None and view.cursor.line == view.first + y:
            strip = overlay(strip, view.cursor.column, view.cursor.column + 1, _MARKER)
        if view.found is not None and view.found.line == view.first + y:
            start, end = view.found.column, view.found.column + view.found.width
            strip = overlay(strip, start, end, Style(reverse=True, bold=True))
        return list(strip.crop(view.left, view.left + width).adjust_cell_length(width, ground))

    def _title(self, width: int) -> Strip:
        ground = "cursor" if self.has_focus else "cursor-away"
        if self._all:
            ground = "problem"
        if self._prompt is not None:
            return draw(((self._prompt.line(width), ""),), width, self.theme, base=ground)
        if self._leading:
            return draw(console_texts.hint(self.leader, ground), width, self.theme, base=ground)
        left: list[tuple[str, str]] = [*self.tabs] if self.tabs else [(f" {self.session.name} ", "")]
        right = f" {self._said or console_texts.status(self.session, self.view, self.leader, focused=self.has_focus)} "
        if self._all:
            left.insert(0, (f" TYPING TO ALL {len(self._all)} ", ""))
        room = width - width_of(right)
        used = sum(width_of(text) for text, _ in left)
        if room < used + 1:
            left = [(f" TO ALL {len(self._all)}", "")] * bool(self._all) + [(f" {self.session.name} ", "")]
            used = sum(width_of(text) for text, _ in left)
        line = [*left, (" " * max(1, room - used), ""), (right, "")]
        return draw(line, width, self.theme, base=ground)

    # Keys

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        focused = self.screen.focused
        if focused is not self and focused is not None:
            # Typed ahead, behind a key that moved the focus: it must not reach this guest.
            again = events.Key(event.key, event.character)
            again.sequence = getattr(event, "sequence", None)  # type: ignore[attr-defined]
            focused._forward_event(again)
            return
        if self._said:
            self.say("")
        if self._help:
            self._help = False
            self.refresh()
        elif self._prompt is not None:
            self._prompt_key(self._prompt, event)
        elif self._leading:
            self._leader_key(event)
        elif event.key == self.leader:
            self._leading = True
            self._refresh_title()
        elif not self.view.live:
            self._history.key(event.key)
        elif not self.session.takes_keys:
            self._detached_key(event.key)
        else:
            self._type_key(event.key, event.character, getattr(event, "sequence", None))

    def key_now(self, name: str, character: str | None, sequence: str | None) -> bool:
        """Type a key at once, out of turn; False if it has to come as a message: it is not for the guest, or after
        others. For the driver, by way of the app.
        """
        if name == self.leader or not self._guest_has_keys:
            return False
        self._type_key(name, character, sequence)
        return True

    @property
    def _guest_has_keys(self) -> bool:
        """Whether keys but the leader are the guest's, and none is before the next."""
        if self._said or self._help or self._leading or self._prompt is not None or not self.view.live:
            return False
        return self.session.takes_keys and self._message_queue.qsize() == 0

    def foresee(self) -> Foreseen | None:
        """What `key_now` will do with the next character, while somebody types."""
        if self._all or monotonic() - self._typed_at > _TYPING or not self._guest_has_keys:
            return None
        client = self.link.direct
        cells = None if client is None else self._echoes.foresee()
        return None if client is None or cells is None else Foreseen(client, self.leader, *cells)

    def _type_key(self, name: str, character: str | None, sequence: str | None) -> None:
        """`sequence` is what the terminal sent, as far as the driver says so."""
        if sequence is not None and len(sequence) == 1 and "!" <= sequence <= "~":
            self.type_raw(sequence.encode("ascii"))
            return
        for pane in self._all or (self,):
            pane.type(meta_bytes(sequence) or key_bytes(name, character, pane.session.emulator.modes, pane.erase))

    def type_raw(self, data: bytes) -> None:
        """Type `data` wherever the keys go."""
        for pane in self._all or (self,):
            pane.type(data)

    def broadcast_to(self, panes: tuple[ConsolePane, ...]) -> None:
        """Type to all of these from now on, and show that; to this one only, if there are none."""
        self._all = panes
        self.refresh()

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if not self.has_focus:
            return
        if self._prompt is not None:
            self._prompt.paste(event.text)
            self._refresh_title()
        else:
            for pane in self._all or (self,):
                pane.type(paste_bytes(event.text, pane.session.emulator.modes))

    def type(self, data: bytes) -> None:
        """Type `data` in the guest."""
        held = self.session.holds
        self._typed_at, self._answer_due = monotonic(), True
        sent = self.link.send(data) if data else True
        if held != self.session.holds:
            self._refresh_title()
        if not sent:
            self.say_not_sent()

    def say_not_sent(self) -> None:
        """Say why what was typed did not go to the guest."""
        session, leader = self.session, key_label(self.leader)
        if not session.may_type:
            self.say(f"not sent: xentui runs read-only. {leader} d closes, {leader} o goes to the table")
        elif session.read_only:
            self.say(f"read-only: this is the log. R attaches, {leader} d closes")
        elif not session.writes:
            self.say(console_company.not_your_turn(session, self.leader))
        elif session.state is State.ATTACHED:
            self.say("not sent: more than the guest takes")
        else:
            self.say(f"not sent: not attached. R attaches, {leader} d closes")

    def say(self, text: str) -> None:
        """Say something in the title line, until the next key."""
        self._said = text
        self._refresh_title()

    def _refresh_title(self) -> None:
        self.refresh(Region(0, 0, self.size.width, 1))

    def _detached_key(self, key: str) -> None:
        if not self.session.writes and key != "escape":  # attached, but others write
            self.command("ask") if key == "a" else self.say_not_sent()
        elif key in ("R", "upper_r", "r"):
            self.command("attach")
        elif key == "l":
            self.command("log")
        elif key == "escape":
            self.command("table")
        else:
            self.say_not_sent()

    def _leader_key(self, event: events.Key) -> None:
        self._leading = False
        self._refresh_title()
        if event.key == self.leader:
            self.type(key_bytes(event.key, event.character, self.session.emulator.modes, self.erase))
        elif entry := BY_KEY.get(event.key):
            self.command(entry.command)

    def command(self, name: str) -> None:
        """Do what a key after the leader stands for, by the name in `LEADER_KEYS`."""
        if (own := self._commands.get(name)) is not None:
            own()
        else:
            self._asked(self, name)

    def show_help(self) -> None:
        self._help = True
        self.refresh()

    def copy(self, text: str) -> str:
        """Give `text` to the clipboard of the user's terminal (OSC 52); what to say of it."""
        return copy_to_terminal(self.app, text)

    def redraw(self) -> None:
        """Draw all of it anew."""
        self.refresh()

    def show_times(self) -> None:
        """Show when each line came before it, or no longer."""
        self.view.times_shown = not self.view.times_shown
        self.refresh()

    # A line to type in the title

    def ask(self, name: str, then: Callable[[str], None], typed: str = "", *, empty: bool = False) -> None:
        """Have the user type a line for `then`; an empty one only if that is allowed."""
        self._prompt = Prompt(name, then, typed=typed, empty=empty)
        self._refresh_title()

    def _prompt_key(self, prompt: Prompt, event: events.Key) -> None:
        then = prompt.key(event.key, event.character)
        if then is not None:
            self._prompt = None
            then()
        self._refresh_title()

    # The history

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.view.scroll(-3)
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        if not self.view.live:
            self.view.scroll(3)
            self.refresh()
