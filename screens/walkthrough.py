"""A walkthrough: its text, and beside or below it the shell and the consoles in which it is done."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from xentui.disk_actions import with_program
from xentui.screens.consoles import COLUMNS
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.drawing import Line
from xentui.screens.keys import bindings, shown
from xentui.screens.lesson_acts import LessonActs, Work
from xentui.screens.lesson_hands import HandsError
from xentui.screens.lesson_lines import slide_lines, step_lines
from xentui.screens.lesson_panes import LessonPanes
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_keys import LEADER_KEYS
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.shell_pane import ShellDeck
from xentui.screens.widgets.status_line import StatusLine
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import printable
from xentui.walkthrough_actions import WALK
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.variables import complaint, expand
from xentui.walkthroughs.walkthrough import Ask as Question
from xentui.walkthroughs.walkthrough import Block, Kind, Walkthrough

#: The fewest columns that the text keeps when the shell stands at its side.
_TEXT_COLUMNS = 50
#: The fewest lines of a shell: its title and what a shell is told at least.
_SHELL_LINES = 6
#: A longer row of steps' signs would push the rest out of the title.
_MOST_MARKS = 24
#: Seconds between two looks whether the step was done by hand.
_WATCH_SECONDS = 2.0

_SLIDE_HINTS = [("Space", "Next"), ("b", "Previous"), ("x", "Type one"), ("Tab", "Shell"), ("P", "End"),
                ("?", "Help"), ("Esc", "Back")]  # fmt: skip
_PRESENTING = "Others on this host can watch the shell: W, then w. P ends it."
_HINTS = [("Enter", "Go on"), ("d", "Do it"), ("c", "Check"), ("h", "Hint"), ("u", "Undo"), ("s", "Skip"),
          ("Tab", "Shell"), ("t", "Steps"), ("x", "Type one"), ("?", "Help"), ("Esc", "Back")]  # fmt: skip


class LessonText(TextView, inherit_bindings=False):
    """The text of a step. Enter is not its own."""

    BINDINGS = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]


class WalkthroughScreen(Page):
    """One walkthrough, from when it is opened until it is closed; Esc leaves it standing."""

    DEFAULT_CSS = """
    WalkthroughScreen > #lesson { height: 1fr; layout: vertical; }
    WalkthroughScreen > #lesson.-wide { layout: horizontal; }
    WalkthroughScreen LessonText { height: 1fr; width: 1fr; }
    WalkthroughScreen #lesson.-wide > ConsoleDeck { margin-left: 1; height: 1fr; }
    WalkthroughScreen.-large-shell LessonText { display: none; }
    WalkthroughScreen.-large-shell #lesson > ConsoleDeck { margin: 0; height: 1fr; width: 1fr; }
    """
    AUTO_FOCUS = "#step"
    BINDINGS = [*bindings(WALK)]
    registry = with_program(WALK)

    def __init__(self, walkthrough: Walkthrough) -> None:
        super().__init__()
        self.walkthrough = walkthrough
        self.heading = printable(walkthrough.title)
        self.acts: LessonActs | None = None
        self._open = False
        #: Large, for a room: next and previous, nothing is checked.
        self.presenting = False
        self.large_text = False  # the shell has no room, until it gets the keys
        self._drawn_width = 0
        self._marked = 0  # which of the step's commands is typed next

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        with Container(id="lesson"):
            yield LessonText(id="step")
            yield ShellDeck(leader=self.xentui.leader, id="shells")
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar(_HINTS, always=2)

    @property
    def deck(self) -> ShellDeck:
        """The shell and the consoles."""
        return self.query_one(ShellDeck)

    @property
    def view(self) -> LessonText:
        """The text."""
        return self.query_one(LessonText)

    @property
    def lesson(self) -> Lesson | None:
        """None until the dom0 was looked at."""
        return self.acts.lesson if self.acts is not None and self._open else None

    # Opening and closing

    def on_mount(self) -> None:
        super().on_mount()
        self.xentui.run_dialogs(self._begin())
        self.set_interval(_WATCH_SECONDS, self._watch)

    async def _begin(self) -> None:
        panes = LessonPanes(self.xentui, self.deck)
        lesson = Lesson(self.xentui.host, self.walkthrough, panes)
        for question in lesson.questions():
            answer = await self._ask(question)
            if answer is None:
                self.xentui.close_walkthrough()
                return
            lesson.answer(question.name, answer)
        self.acts = LessonActs(self, lesson, panes, lambda work: self.run_worker(work, group="lesson", exclusive=True))
        self.say("Looking at the dom0 ...")
        self.acts.run(self.acts.open())

    async def _ask(self, question: Question) -> str | None:
        return await self.app.push_screen_wait(
            Ask(question.question, question.default, lambda answer: complaint(question.kind, answer))
        )

    async def close(self) -> None:
        """End what runs here and leave the consoles; the progress is kept."""
        if self.acts is not None:
            self.acts.end()
        self.keep(left=True)
        await self.deck.close_all()

    def keep(self, *, left: bool = False) -> None:
        """Remember how far the learner has come."""
        if self.lesson is not None:
            try:
                self.lesson.save(left=left)
            except OSError as error:
                self.say(f"The progress cannot be kept: {error.strerror}", "error")

    # What is shown

    def step_changed(self) -> None:
        """Another step is open."""
        self._open, self._marked = True, 0
        self.draw()
        self.view.scroll_to_line(0)

    def draw(self, *, to_end: bool = False) -> None:
        """Show the step as it stands; `to_end` shows what was found last."""
        lesson = self.lesson
        if lesson is None or not self.is_mounted:
            return
        commands = lesson.step.of_kind(Kind.RUN)
        marked = commands[self._marked] if self._marked < len(commands) else None
        self._drawn_width = self.view.size.width
        lines: list[Line]
        if self.presenting:
            lines = slide_lines(lesson, self._drawn_width, marked, blocks=self.xentui.glyphs.bar_used == "█")
        else:
            lines = [((" ", ""), *line) for line in step_lines(lesson, max(20, self._drawn_width - 2), marked)]
        self.view.show(lines)
        if to_end:
            self.view.scroll_to_line(len(lines))
        self.heading = f"{expand(self.walkthrough.title, lesson.values)}  {_marks(lesson)}"
        self.show_title()

    def on_resize(self) -> None:
        super().on_resize()
        self._share_room()
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.draw()

    def on_descendant_focus(self) -> None:
        self._share_room()
        bar = self.query_one(KeyBar)
        if isinstance(self.focused, ConsolePane):
            words = [(entry.shown, entry.hint) for entry in LEADER_KEYS if entry.hint and entry.shown != "o"]
            bar.set_hints([(shown(self.xentui.leader), "then:"), ("o", "text"), *words])
        else:
            bar.set_hints(_SLIDE_HINTS if self.presenting else _HINTS, always=2)

    def _share_room(self) -> None:
        """The one that has the keys gets the larger part."""
        size, deck = self.app.size, self.deck
        room = max(1, size.height - 3)
        wide = size.width >= _TEXT_COLUMNS + 1 + COLUMNS
        at_shell = isinstance(self.focused, ConsolePane)
        self.query_one("#lesson").set_class(wide, "-wide")
        large = self.has_class("-large-shell")
        lines = room * 2 // 3 if at_shell else max(room // 3, min(_SHELL_LINES, room // 2))
        hidden = self.large_text and not at_shell
        deck.styles.height = 0 if hidden else None if wide or large else lines
        deck.styles.width = 0 if hidden and wide else COLUMNS if wide and not large else None

    def on_console_deck_left(self) -> None:
        self.view.focus()

    def on_console_deck_large(self, event: ConsoleDeck.Large) -> None:
        self.set_class(event.large, "-large-shell")
        self._share_room()

    def on_text_view_moved(self, event: TextView.Moved) -> None:
        event.prevent_default()  # the page's own remark says less
        if self.view.size.width != self._drawn_width:
            self.draw()
        more = "" if self.view.at_end else "  Space: more"
        self.query_one(StatusLine).set_remark(f"{self.view.position}{more}" if self.view.position else "")

    def _watch(self) -> None:
        if self.acts is not None and self._open and self.app.screen is self:
            look = self.acts.watch()
            if look is not None:
                self.run_worker(look, group="watch")

    # Keys

    def _act(self, act: Callable[[LessonActs], Work]) -> None:
        if self.acts is None or not self._open:
            self.say("The dom0 is still being looked at ...")
        else:
            self.acts.run(act(self.acts))

    def do_go_on(self) -> None:
        lesson = self.lesson
        if lesson is not None and not self.view.at_end and (self.presenting or not lesson.step.checks):
            self.view.action_page(1)  # what is only to be read is read first
        elif lesson is not None and self.presenting:
            self._go(lesson.index + 1)
        else:
            self._act(lambda acts: acts.go_on())

    def do_read_on(self) -> None:
        if self.presenting:
            self.do_go_on()
        else:
            self.view.action_page(1)

    def do_check_step(self) -> None:
        if self.lesson is not None and not self.lesson.step.checks:
            self.say("There is nothing to check in this step: Enter goes on.")
        else:
            self._act(lambda acts: acts.check())

    def do_do_step(self) -> None:
        if self.lesson is not None and not self.lesson.step.solution:
            self.say("There is nothing to do in this step: Enter goes on.")
        else:
            self._if_meant(lambda acts: acts.do_step())

    def do_rest(self) -> None:
        self._act(lambda acts: acts.rest())

    def do_send_command(self) -> None:
        commands = self.lesson.step.of_kind(Kind.RUN) if self.lesson is not None else ()
        if not commands:
            self.say("There is no command in this step.")
        else:
            self._if_meant(lambda acts: self._send(acts, commands[self._marked % len(commands)], len(commands)))

    async def _send(self, acts: LessonActs, block: Block, count: int) -> None:
        await acts.type_block(block)
        self._marked = (self._marked + 1) % count
        self.draw()

    def _if_meant(self, act: Callable[[LessonActs], Work]) -> None:
        """A dangerous step is done only when its object was typed."""
        danger = self.lesson.danger() if self.lesson is not None else None
        if danger is None:
            self._act(act)
        else:
            self.xentui.run_dialogs(self._when_typed(*danger, act))

    async def _when_typed(self, text: str, thing: str, act: Callable[[LessonActs], Work]) -> None:
        wrong = f"Type {printable(thing)} to do it; Esc leaves it."
        typed = await self.app.push_screen_wait(
            Ask(f"DANGER: {text}", "", lambda answer: None if answer.strip() == thing else wrong, wrong)
        )
        if typed is None:
            self.say("Nothing was done.")
        else:
            self._act(act)

    def do_look(self) -> None:
        lesson = self.lesson
        failed = lesson and (lesson.first_failure or next(iter(lesson.results), None))
        if not failed:
            self.say("Nothing was checked yet: c does it.")
        else:
            self._act(lambda acts: acts.hands.type_command(failed.look))

    def do_undo_step(self) -> None:
        if self.lesson is not None and not self.lesson.can_undo():
            self.say("This step cannot be taken back.")
        else:
            self._act(lambda acts: acts.undo())

    def do_clean_up(self) -> None:
        self.xentui.run_dialogs(self._clean_up_if_meant())

    async def _clean_up_if_meant(self) -> None:
        question = f"Take back all that {self.walkthrough.id} did?"
        warning = "Its commands are typed in the shell. You begin at the first step again."
        if await self.app.push_screen_wait(Confirm(question, [], warning, [], "Take it back")):
            self._act(lambda acts: acts.clean_up())

    def do_hint(self) -> None:
        lesson = self.lesson
        if lesson is None:
            return
        if lesson.next_hint() is None:
            self.say("There is no hint for this step.")
            return
        left = len(lesson.hints(lesson.step)) - len(lesson.shown_hints())
        self.say(f"{left} more hint{'s' if left != 1 else ''}." if left else "That was the last hint: the answer.")
        self.draw(to_end=True)
        self.keep()

    def do_skip_step(self) -> None:
        if self.lesson is not None:
            number = self.lesson.index + 1
            self.lesson.skip()
            self.say(f"Step {number} is skipped, not done.")
            self._act(lambda acts: acts.step_opened())

    def do_step_back(self) -> None:
        if self.presenting and self.view.top:
            self.view.action_page(-1)
        elif self.lesson is not None:
            self._go(self.lesson.index - 1)

    def _go(self, index: int) -> None:
        if self.lesson is not None:
            self.lesson.go(index)
            self.say("")
            self._act(lambda acts: acts.step_opened())

    def do_steps(self) -> None:
        if self.lesson is not None:
            self.xentui.run_dialogs(self._choose_step(self.lesson))

    async def _choose_step(self, lesson: Lesson) -> None:
        choices = [
            Choice(str(number), f"{number + 1}. {expand(step.title, lesson.values)}",
                   "" if lesson.mark(step) is Mark.OPEN else str(lesson.mark(step)))
            for number, step in enumerate(lesson.walkthrough.steps)
        ]  # fmt: skip
        answer = await self.app.push_screen_wait(Choose("Steps", choices, current=str(lesson.index)))
        if answer is not None:
            self._go(int(answer))

    def do_to_shell(self) -> None:
        if self.deck.current is not None:
            self.deck.show(self.deck.current)
        else:
            self._act(self._go_to_shell)

    async def _go_to_shell(self, acts: LessonActs) -> None:
        try:
            self.deck.show(await acts.shell())
        except HandsError as error:
            self.say(f"There is no shell: {error}", "error")

    def do_large_text(self) -> None:
        self.large_text = not self.large_text
        self._share_room()
        self.call_after_refresh(self.draw)

    def do_present(self) -> None:
        self.presenting = self.large_text = not self.presenting
        if self.acts is not None:
            self.acts.present(self.presenting)
        self.say(_PRESENTING if self.presenting else "")
        self.query_one(KeyBar).set_hints(_SLIDE_HINTS if self.presenting else _HINTS, always=2)
        self._share_room()
        self.call_after_refresh(self.step_changed)

    def do_close_walkthrough(self) -> None:
        self.xentui.close_walkthrough()


def _marks(lesson: Lesson) -> str:
    """A sign for each step: x done, - skipped, > open here, . to come."""
    count = f"{lesson.index + 1}/{len(lesson.walkthrough.steps)}"
    if len(lesson.walkthrough.steps) > _MOST_MARKS:
        return count
    signs = {Mark.DONE: "x", Mark.SKIPPED: "-", Mark.OPEN: "."}
    row = "".join(
        ">" if number == lesson.index else signs[lesson.mark(step)]
        for number, step in enumerate(lesson.walkthrough.steps)
    )
    return f"[{row}] {count}"
