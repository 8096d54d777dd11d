"""`xentui walkthrough run`: a walkthrough line by line, for terminals that can do no more, and for pipes."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from xentui.host import Host, HostError
from xentui.subprocesses import printable
from xentui.walkthroughs import plain
from xentui.walkthroughs.checking import State
from xentui.walkthroughs.classroom import class_folder, in_class
from xentui.walkthroughs.consoles import OwnConsoles
from xentui.walkthroughs.doing import carry_out
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.needs import unmet
from xentui.walkthroughs.selftest import clean_up
from xentui.walkthroughs.variables import complaint, expand
from xentui.walkthroughs.walkthrough import Block, Kind, Walkthrough

_HELP = """\
  Enter  check, and go on if it is done     d  do it for me      h  a hint
  c      check again                        u  undo it           s  skip it
  r      do all the rest                    b  a step back       !  a shell
  clean  take everything back               q  leave; it goes on from here the next time"""


class Walk:
    """One learner at a line-oriented terminal. Reads commands with `input`, writes with `print`."""

    def __init__(self, host: Host, walkthrough: Walkthrough, answers: Mapping[str, str]) -> None:
        self._host = host
        self._consoles = OwnConsoles(host)
        self._lesson = Lesson(host, walkthrough, self._consoles)
        self._lesson.progress.answers |= answers
        self._cancel = threading.Event()

    def run(self) -> bool:
        """Walk, until the end or until the learner leaves; whether all is done. Raises OSError, EOFError."""
        try:
            return self._run()
        except EOFError:
            _say("")
            return self._lesson.at_end
        finally:
            with contextlib.suppress(OSError):
                self._lesson.save(left=True)
            self._consoles.close()

    def _run(self) -> bool:
        lesson, walkthrough = self._lesson, self._lesson.walkthrough
        self._ask()
        if in_class():
            _say(f"This is a class: its leader sees how far you are ({class_folder()}).")
        for sentence in unmet(walkthrough, lesson.values, lesson.world):
            _say(f"It may not work here: {sentence}.")
        lesson.open()
        _lines([expand(walkthrough.title, lesson.values), ""])
        if lesson.index == 0:
            _lines(plain.parts(walkthrough.intro, lesson.values))
            self._carry_out(walkthrough.setup)
        elif not lesson.at_end:
            _say(f"You go on at step {lesson.index + 1}: what comes before it is done.\n")
        self._show()
        while True:
            if lesson.at_end:
                _say("That was the last step. 'clean' takes everything back, q leaves it as it is.")
            word = input(f"[{lesson.index + 1}/{len(walkthrough.steps)}] Enter d h c u s r b ! clean q ? > ").strip()
            if word in ("q", "quit"):
                return lesson.at_end
            self._command(word)
            lesson.save()

    def _ask(self) -> None:
        for ask in self._lesson.questions():
            default = f" [{ask.default}]" if ask.default else ""
            while True:
                answer = input(f"{printable(ask.question)}{default} ").strip() or ask.default
                wrong = complaint(ask.kind, answer)
                if wrong is None:
                    break
                _say(wrong)
            self._lesson.answer(ask.name, answer)

    def _command(self, word: str) -> None:
        commands: dict[str, Callable[[], object]] = {
            "": self._go_on, "c": self._check, "d": self._do, "h": self._hint, "u": self._undo, "s": self._skip,
            "r": self._rest, "b": self._back, "!": self._shell, "clean": self._clean,
        }  # fmt: skip
        command = commands.get(word)
        if command is None:
            _say(_HELP)
            return
        self._cancel.clear()
        with self._interruptible():
            command()

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        """^C ends what runs, not the walkthrough."""
        before = signal.signal(signal.SIGINT, lambda *_: self._cancel.set())
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    # Commands

    def _show(self) -> None:
        lesson = self._lesson
        _lines(plain.heading(lesson.index + 1, lesson.step, lesson.values))
        if lesson.mark(lesson.step) is not Mark.OPEN:
            _say(f"({lesson.mark(lesson.step)})")
        _lines(plain.parts(lesson.step.parts, lesson.values))
        self._carry_out(lesson.step.of_kind(Kind.SETUP))

    def _check(self) -> bool:
        lesson = self._lesson
        if not lesson.step.checks:
            return True
        if lesson.check(self._cancel):
            _say("Done.")
            return True
        for result in lesson.results:
            if result.state is State.FAILS:
                _say(f"Not yet: {result.sentence}\n  ({result.seen}; look with: {result.look})")
            elif result.state is State.UNKNOWN:
                _say(f"It cannot be seen whether it is done: {result.seen}\n  (look with: {result.look})")
        return False

    def _go_on(self) -> None:
        if self._check():
            last = self._lesson.index == len(self._lesson.walkthrough.steps) - 1
            self._lesson.next()
            if not last:
                self._show()

    def _do(self) -> bool:
        danger = self._lesson.danger()
        if danger is not None:
            typed = input(f"DANGER: {printable(danger[0])}\nTo do it, type {printable(danger[1])}: ").strip()
            if typed != danger[1]:
                _say("Not done.")
                return False
        if not self._lesson.step.solution:
            _say("There is nothing to do in this step; Enter goes on.")
            return True
        self._carry_out(self._lesson.step.solution)
        return self._check()

    def _rest(self) -> None:
        """Do what is left, up to a dangerous step or one that does not work."""
        lesson = self._lesson
        while not lesson.at_end and not self._cancel.is_set():
            if lesson.mark(lesson.step) is Mark.OPEN:
                if lesson.step.danger is not None:
                    _say("This step destroys something: it is never done by itself. d does it.")
                    return
                if lesson.step.solution and not self._do():
                    return
            if lesson.index == len(lesson.walkthrough.steps) - 1:
                lesson.next()
                return
            lesson.next()
            self._show()

    def _hint(self) -> None:
        hint = self._lesson.next_hint()
        if hint is None:
            _say("There is no hint for this step.")
            return
        for part in hint.paragraphs:
            _lines(plain.paragraph(part, self._lesson.values))

    def _undo(self) -> None:
        lesson = self._lesson
        if not lesson.can_undo():
            _say("This step cannot be taken back.")
            return
        self._carry_out(lesson.step.of_kind(Kind.UNDO))
        lesson.undone()
        _say("Undone." if not lesson.look() else "The undo was run, but the step is still done.")

    def _skip(self) -> None:
        _say(f"Step {self._lesson.index + 1} is skipped, not done.")
        self._lesson.skip()
        self._show()

    def _back(self) -> None:
        self._lesson.go(self._lesson.index - 1)
        self._show()

    def _shell(self) -> None:
        try:
            argv = self._host.shell_argv()
            subprocess.run(argv, env=dict(self._host.environment()), check=False)
        except (HostError, OSError) as error:
            _say(f"No shell: {error}")

    def _clean(self) -> None:
        lesson = self._lesson

        def met(checks: object) -> bool:
            steps = [step for step in lesson.walkthrough.steps if step.checks is checks]
            lesson.go(lesson.walkthrough.steps.index(steps[0]))
            return lesson.look()

        self._carry_out(clean_up(lesson.walkthrough, met))
        lesson.begin_anew()
        _say("Everything is taken back. You stand at the first step again.")

    def _carry_out(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if block.kind is not Kind.SETUP:
                _lines(plain.commands(block, self._lesson.values))
            if self._lesson.only_to_read:
                if block.kind is not Kind.SETUP:
                    _say(f"  Not run: {self._lesson.only_to_read}.")
                continue
            done = carry_out(self._host, block, self._lesson.values, self._consoles, self._cancel)
            for line in done.said.splitlines():
                print(f"    | {printable(line)}")
            if not done.ok:
                _say(f"  {done.sentence}")


def _say(text: str) -> None:
    """Text of ours, with what was foreign in it made harmless."""
    for line in text.split("\n"):
        print(printable(line))
    sys.stdout.flush()


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line))
    sys.stdout.flush()
