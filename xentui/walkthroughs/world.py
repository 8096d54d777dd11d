"""The dom0 as a walkthrough's checks see it: what they ask of it changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar, cast

from xentui.domains.toolstack import ToolstackError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import Details, ListRow, OutputError
from xentui.host import Host, HostError
from xentui.subprocesses import CancelledError, CommandError, CommandRecord, DeadlineError, ProgramMissingError

Seen = TypeVar("Seen")

#: Seconds that one look may take.
LOOK_SECONDS = 10.0
#: A look that did not end gets twice the time when it is asked for again; so many times the time at most.
_MOST_PATIENCE = 16.0


class UnknownError(Exception):
    """The fact can be neither seen nor denied now: a tool is missing or gives no answer. One sentence."""


class Consoles(Protocol):
    """Where guests' consoles can be looked at."""

    def screen(self, guest: str) -> list[str]:
        """The lines that the guest's console shows. Raises UnknownError."""


class World:
    """`baselines` are what `unchanged` compares with, by device; see `facts.disks`. On a slow machine, with
    `patience`, a look may take so many times as long; it grows when a look did not end in time."""

    def __init__(
        self,
        host: Host,
        consoles: Consoles | None = None,
        baselines: Mapping[str, str] | None = None,
        *,
        patience: float = 1.0,
    ) -> None:
        self.host = host
        self.xl = Xl(host, patience=patience)
        self.consoles = consoles
        self.patience = patience
        self.baselines = dict(baselines or {})
        #: Set to end a look that is under way.
        self.cancel: threading.Event | None = None
        self._seen: dict[str, object] = {}

    def look_again(self) -> None:
        """Forget what was seen: several checks at once ask xl once."""
        self._seen.clear()

    def run(self, argv: Sequence[str], *, text_in: str | None = None) -> CommandRecord:
        """What a program says, in the file system that the user's shell sees. Raises UnknownError."""
        try:
            done = self.host.runner.run(
                self.host.inside_argv(argv),
                deadline=LOOK_SECONDS * self.patience,
                shown=argv, record=False, check=False, text_in=text_in, cancel=self.cancel,
            )  # fmt: skip
        except ProgramMissingError as error:
            raise UnknownError(f"there is no program {argv[0]} here") from error
        except DeadlineError as error:
            self.patience = max(self.patience, min(2 * self.patience, _MOST_PATIENCE))
            raise UnknownError(str(error)) from error
        except (CancelledError, HostError) as error:
            raise UnknownError(str(error)) from error
        if done.status == 255 and self.host.is_remote:  # ssh's own
            raise UnknownError(f"{self.host.name} cannot be reached")
        return done

    def ok(self, *argv: str) -> bool:
        """Whether a program that answers by its exit status says yes. Raises UnknownError."""
        done = self.run(argv)
        if done.status in (126, 127):  # said by what starts it, where that is not us
            raise UnknownError(f"there is no program {argv[0]} here")
        return done.ok

    def has_program(self, name: str) -> bool:
        """Whether there is such a program. Raises UnknownError."""
        return self.ok("sh", "-c", 'command -v -- "$1" >/dev/null || exit 1', "sh", name)

    def text(self, *argv: str) -> str:
        """What a program prints. Raises UnknownError if it fails."""
        done = self.run(argv)
        if not done.ok:
            raise UnknownError(str(CommandError(done)))
        return done.stdout

    def matches(self, pattern: str, text: str) -> bool:
        """Whether a line of `text` matches the pattern of grep -E: another program, which can be stopped."""
        try:
            done = self.host.runner.run(
                ["grep", "-Eq", "-e", pattern],
                deadline=LOOK_SECONDS * self.patience, record=False, check=False, text_in=text, cancel=self.cancel,
            )  # fmt: skip
        except CommandError as error:
            raise UnknownError(f"/{pattern[:60]}/: {error}") from error
        if done.status not in (0, 1):
            raise UnknownError(f"/{pattern[:60]}/ is no pattern of grep -E")
        return done.ok

    # xl

    def domains(self) -> list[ListRow]:
        """The domains that Xen has. Raises UnknownError."""
        return self._once("domains", self.xl.list)

    def domain(self, name: str) -> ListRow | None:
        return next((row for row in self.domains() if row.name == name), None)

    def details(self, name: str) -> Details | None:
        """More about a domain; None if there is none of that name. Raises UnknownError."""
        row = self.domain(name)
        if row is None or row.id is None:
            return None
        return self._once("details", self.xl.long_list).get(row.id)

    def info(self, key: str) -> str:
        """A line of ``xl info``. Raises UnknownError."""
        said = self._once("info", self.xl.info).get(key)
        if said is None:
            raise UnknownError(f"xl info says nothing of {key}")
        return said

    def _once(self, name: str, ask: Callable[[], Seen]) -> Seen:
        """What xl answers, asked once for all that is looked at together; that it does not answer, too."""
        if name not in self._seen:
            try:
                self._seen[name] = ask()
            except (ToolstackError, HostError, OutputError) as error:
                self._seen[name] = UnknownError(str(error))
        seen = self._seen[name]
        if isinstance(seen, UnknownError):
            raise seen
        return cast("Seen", seen)
