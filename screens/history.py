"""What was seen since xentui started: CPU use and events of each domain, both bounded. No Textual in here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from xentui.domains.domain import Domain, Snapshot, State

#: Samples of CPU use kept for a domain: two minutes at one every 2 s.
SAMPLES = 60
#: Events kept for a domain.
EVENTS = 50
#: Domains whose past is kept; those that are gone the longest go first.
DOMAINS = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a domain, at `time` (epoch seconds)."""

    time: float
    text: str


class History:
    """Fed with each snapshot; asked by the screens."""

    def __init__(self) -> None:
        self._cpu: dict[str, deque[float]] = {}
        self._events: dict[str, deque[Event]] = {}
        self._last: dict[str, Domain] = {}
        self._seen_any = False

    def cpu(self, key: str) -> list[float]:
        """The last samples of CPU percent, oldest first."""
        return list(self._cpu.get(key, ()))

    def events(self, key: str) -> list[Event]:
        """The last events, oldest first."""
        return list(self._events.get(key, ()))

    def note(self, key: str, text: str, when: float) -> None:
        """Keep an event of the domain."""
        events = self._events.setdefault(key, deque(maxlen=EVENTS))
        events.append(Event(when, text))
        if len(self._events) > DOMAINS:
            gone = next((k for k in self._events if k not in self._last), next(iter(self._events)))
            del self._events[gone]

    def update(self, snapshot: Snapshot) -> list[tuple[Domain, str]]:
        """Take in a snapshot: a sample of each domain, and an event for each change of state.

        Gives what somebody should hear of if it was not their doing: guests that crashed, ended, or started anew.
        """
        news: list[tuple[Domain, str]] = []
        now = {domain.key: domain for domain in snapshot.domains}
        for key, domain in now.items():
            if domain.stale_seconds is not None:
                continue
            if domain.state.alive:
                samples = self._cpu.setdefault(key, deque(maxlen=SAMPLES))
                samples.append(domain.cpu_percent or 0.0)
            before = self._last.get(key)
            if text := _change(before, domain, first=not self._seen_any):
                self.note(key, text, snapshot.taken)
                if (
                    before is not None
                    and before.state.alive
                    and (before.id != domain.id or domain.state is State.CRASHED)
                ):
                    news.append((domain, text))
        for key in self._last.keys() - now.keys():
            self._cpu.pop(key, None)
            self.note(key, "is gone", snapshot.taken)
        self._last = now
        self._seen_any = not snapshot.partial
        return news


def _change(before: Domain | None, now: Domain, *, first: bool) -> str | None:
    if before is None:
        return None if first else f"appeared, {now.state.said}"
    if before.id != now.id and before.id is not None and now.id is not None:
        return f"started anew: id {before.id} became {now.id}"
    if before.state.said != now.state.said:
        with_id = f" with id {now.id}" if before.id is None and now.id is not None else ""
        why = f" ({now.shutdown_reason})" if now.shutdown_reason and not now.state.up else ""
        return f"{before.state.said}, now {now.state.said}{with_id}{why}"
    return None
