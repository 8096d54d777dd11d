"""What xl says, read as seldom as possible: one ``xl list`` a refresh, the rest when something changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xentui.domains.backoff import Backoff
from xentui.domains.toolstack import ToolstackError, ToolstackHungError, ToolstackMissingError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import Details, ListRow, OutputError

#: Seconds after which ``xl info`` is read again even though nothing seems to have changed.
INFO_AGE = 30.0
#: Seconds after which the details of domains that xl left out are asked for again.
MISSING_AGE = 15.0


@dataclass(slots=True)
class XlState:
    """The last that xl said. `stale_seconds` is its age when it does not answer now."""

    rows: Sequence[ListRow] = ()
    details: dict[int, Details] = field(default_factory=dict)
    started: dict[int, float] = field(default_factory=dict)  # epoch seconds by domain id
    info: Mapping[str, str] = field(default_factory=dict)
    stale_seconds: float | None = None
    problem: str | None = None


class XlSource:
    """Reads a dom0's domains through `Xl`. Never raises."""

    def __init__(self, xl: Xl) -> None:
        self._xl = xl
        self._state = XlState()
        self._backoff = Backoff()
        self._answered: float | None = None  # monotonic
        self._info_key: object = None
        self._info_read = 0.0
        self._details_key: object = None
        self._details_read = 0.0

    def read(self) -> XlState:
        """What xl says now; while it hangs, what it said last."""
        if self._backoff.remaining > 0:
            return self._stale(self._state.problem)
        try:
            rows = self._xl.list()
        except (ToolstackError, OutputError) as error:
            # What fails at once may be asked again at once; what hangs costs the machine each time.
            if isinstance(error, ToolstackHungError | ToolstackMissingError):
                self._backoff.failed()
            return self._stale(str(error))
        self._backoff.succeeded()
        self._answered = time.monotonic()
        problem = self._read_more(rows)
        self._state = XlState(rows, self._state.details, self._state.started, self._state.info, None, problem)
        return self._state

    def retry(self) -> None:
        """Let the next reading ask xl, however long it is to be left alone."""
        self._backoff.cut_short()

    def _stale(self, problem: str | None) -> XlState:
        age = time.monotonic() - self._answered if self._answered is not None else None
        state = self._state
        self._state = XlState(state.rows, state.details, state.started, state.info, age, problem)
        return self._state

    def _read_more(self, rows: Sequence[ListRow]) -> str | None:
        """Read what the changes in `rows` ask for. Each failure is a problem, and the old values stay."""
        problems = []
        ids = frozenset(row.id for row in rows if row.id is not None)
        readers = []
        missing = ids - self._state.details.keys()
        retry = missing and time.monotonic() - self._details_read > MISSING_AGE
        if ids != self._details_key or retry:
            self._details_key, self._details_read = ids, time.monotonic()
            readers += [self._read_details, self._read_uptime]
        memory = tuple((row.id, row.memory_mib) for row in rows)
        if memory != self._info_key or time.monotonic() - self._info_read > INFO_AGE:
            self._info_key, self._info_read = memory, time.monotonic()
            readers.append(self._read_info)
        for reader in readers:
            try:
                reader()
            except (ToolstackError, OutputError) as error:
                problems.append(str(error))
                self._info_key = None  # so that the next refresh asks again
                if reader != self._read_info:
                    self._details_key = None
                if isinstance(error, ToolstackHungError):
                    self._backoff.failed()
                    break
        state = self._state
        for known in (state.details, state.started):
            for gone in known.keys() - ids:
                del known[gone]
        return problems[0] if problems else None

    def _read_details(self) -> None:
        if self._xl.program == "xl":  # xm's long list is no JSON
            self._state.details.update(self._xl.long_list())

    def _read_uptime(self) -> None:
        now = time.time()
        for domid, seconds in self._xl.uptime().items():
            # A known start stays: computed anew it would jitter by a second.
            self._state.started.setdefault(domid, now - seconds)

    def _read_info(self) -> None:
        self._state.info = self._xl.info()
