"""Steps, one after the other, with progress, a way to cancel, and no half of anything left behind."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xentui.guests import manifest
from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.files import exists, shown_size, used_bytes
from xentui.guests.manifest import Made, Manifest
from xentui.guests.volumes import is_there
from xentui.host import Host
from xentui.subprocesses import CancelledError, CommandError, CommandRecord, DeadlineError, printable

#: How many of a failed tool's last lines are shown.
_TAIL_LINES = 15
#: Seconds between two looks at how much a tool has written.
_LOOK = 2.0
#: A tree of packages is many files: looking at it is to be one part in so many of the time, on a slow host, too.
_RARELY = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does, in words, and its function. `by_hand` are the commands that do the same, if any."""

    title: str
    do: Callable[[Work], None]
    by_hand: tuple[str, ...] = ()


class Work:
    """Steps that are being carried out on a host, for the guest of a manifest.

    `say` is told each step and how it goes on; it is called in the thread that works.
    """

    def __init__(
        self,
        host: Host,
        guest: Manifest,
        say: Callable[[str], None] = lambda _line: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.host, self.guest, self.say = host, guest, say
        self.cancel = cancel or threading.Event()
        #: What the user is to be told when all is done, a password for example; it stands nowhere else.
        self.remarks: list[str] = []

    def carry_out(self, steps: Sequence[Step]) -> None:
        """Do all steps, or none: what was made is removed when one fails or all is cancelled. Raises GuestError."""
        begun = len(self.guest.made)
        known = exists(self.host, self.guest.path)
        try:
            for number, step in enumerate(steps, 1):
                self.stop_if_cancelled()
                self.say(f"[{number}/{len(steps)}] {step.title}")
                step.do(self)
            self.stop_if_cancelled()
        except BaseException as error:
            left = self._undo(begun, known=known)
            if isinstance(error, GuestError):
                what = "What could not be removed: " + "; ".join(left) if left else "Nothing of it is left."
                stop = "" if error.headline.endswith((".", "!", "?")) else "."
                raise type(error)(f"{error.headline}{stop} {what}", error.details) from error
            raise

    def stop_if_cancelled(self) -> None:
        """Raises GuestCancelledError once the user has asked for it."""
        if self.cancel.is_set():
            raise GuestCancelledError("Cancelled.")

    def makes(self, kind: str, path: str) -> None:
        """Write down what is made next. Raises GuestError if there is something of that name."""
        if exists(self.host, path) or (kind == "volume" and is_there(self.host, path)):
            raise GuestError(f"{path}: is there already; nothing was written over.")
        self.guest.made.append(Made(kind, path))
        self.guest.save(self.host)

    def unmake(self, kind: str, path: str) -> None:
        """Remove something of this work that was only needed on the way."""
        item = Made(kind, path)
        manifest.remove(self.host, item)
        self.guest.made.remove(item)
        self.guest.save(self.host)

    def run(
        self, argv: Sequence[str], *, deadline: float, growing: str | None = None, text_in: str | None = None
    ) -> CommandRecord:
        """Run a tool on the host; `growing` is the file or folder whose growth is told meanwhile.

        The demo dom0 has no tools but xl: there it is only written down. Raises GuestError with the tool's last lines.
        """
        if self.host.is_demo:
            record = CommandRecord(tuple(argv), time.time(), 0.0, 0, "", "")
            self.host.log.add(record)
            self.say("      (the demo dom0 only pretends this)")
            return record
        return self.really(argv, deadline=deadline, growing=growing, text_in=text_in)

    def really(
        self, argv: Sequence[str], *, deadline: float, growing: str | None = None, text_in: str | None = None
    ) -> CommandRecord:
        """The same for a tool that works on the demo's files, too: their places on this machine stand in `argv`."""
        try:
            with self._told(growing):
                return self.host.run(argv, deadline=deadline, cancel=self.cancel, text_in=text_in)
        except CancelledError as error:
            raise GuestCancelledError("Cancelled.", error.details) from error
        except DeadlineError as error:
            raise GuestError(f"{argv[0]} was not done within {deadline:g} s and was ended.", error.details) from error
        except CommandError as error:
            raise failed(error) from error

    @contextlib.contextmanager
    def _told(self, growing: str | None) -> Iterator[None]:
        if growing is None:
            yield
            return
        path, over = self.host.path(growing), threading.Event()
        watcher = threading.Thread(target=self._watch, args=(path, over), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join(_LOOK)

    def _watch(self, path: Path, over: threading.Event) -> None:
        before, pause = 0, _LOOK
        while not over.wait(pause):
            begun = time.monotonic()
            if (size := used_bytes(path)) > before:
                before = size
                self.say(f"      {shown_size(size)} written")
            pause = max(_LOOK, _RARELY * (time.monotonic() - begun))

    def _undo(self, begun: int, *, known: bool) -> list[str]:
        """Remove what was made since, the last first; give a sentence for each thing that could not be."""
        fresh, left = self.guest.made[begun:], []
        del self.guest.made[begun:]
        for item in reversed(fresh):
            try:
                manifest.remove(self.host, item)
            except GuestError as error:
                left.append(str(error))
                self.guest.made.append(item)
        try:
            if known or left:
                self.guest.save(self.host)
            else:
                manifest.remove(self.host, Made("file", self.guest.path))
        except GuestError as error:
            left.append(str(error))
        return left


def failed(error: CommandError) -> GuestError:
    """The failure of a tool, with its last lines."""
    record = error.record
    # What it complains of comes last.
    lines = [printable(line) for line in (record.stdout + "\n" + record.stderr).splitlines() if line.strip()]
    last = lines[-1] if lines else "and said nothing"
    tail = "\n".join(lines[-_TAIL_LINES:])
    how = f"ended with status {record.status}" if record.status is not None else "could not be started"
    return GuestError(f"{record.argv[0]} {how}: {last}", f"$ {record.shell}\n{tail}")
