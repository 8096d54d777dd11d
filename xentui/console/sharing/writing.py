"""Whose turn it is to write at a shared console: one writer at a time, handed over on request.

Who asks gets it at once when nobody has it, or when the writer has not typed for IDLE seconds. Otherwise the
writer is asked, and may give it or keep it. Who says nothing for ANSWER seconds has given it, if the one who asks
could take the console by force as well (root, or the holder's own user): a writer that went home, or hangs, locks
nobody out. Members of the group get it only when it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds without a key after which the writing is handed over without asking the writer.
IDLE = 30.0
#: Seconds that the writer has for an answer.
ANSWER = 10.0
#: Seconds for which an answer of "no" holds.
REFUSED = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks for the writing."""

    asker: int
    since: float
    trusted: bool


class Writing:
    """The turn. People are numbers, 0 the holder; times are seconds of a monotonic clock."""

    def __init__(self, *, holder_writes: bool) -> None:
        self._holder_writes = holder_writes
        #: Who writes; None where the holder has no keyboard or is read-only, and nobody has asked.
        self.writer: int | None = 0 if holder_writes else None
        self.request: Request | None = None
        self._typed = float("-inf")
        self._refused: dict[int, float] = {}

    def typed(self, now: float) -> None:
        """The writer has typed something."""
        self._typed = now

    def ask(self, who: int, now: float, *, trusted: bool) -> str:
        """`who` wants to write. Gives what to tell them if they have to wait, or not to hope; empty if they write."""
        if self.writer == who:
            return ""
        if self._refused.get(who, float("-inf")) > now - REFUSED:
            return f"the writer keeps the writing; ask again in {REFUSED:g} seconds"
        if self.request is not None:
            return "" if self.request.asker == who else "somebody else asks for the writing already"
        if self.writer is None or (trusted and now - self._typed > IDLE):
            self._hand_to(who, now)
            return ""
        self.request = Request(who, now, trusted)
        if trusted:
            return f"asked; without an answer it is yours in {ANSWER:g} seconds"
        return "asked; the writer may give it to you"

    def give(self, who: int, now: float) -> bool:
        """The writer hands over, to the one who asks or else to the holder. False if there is nothing to give."""
        if self.writer != who:
            return False
        if self.request is not None:
            self._hand_to(self.request.asker, now)
            return True
        return self._back(now) != who

    def keep(self, who: int, now: float) -> bool:
        """The writer refuses the one who asks. False if nobody does, or it is not theirs to refuse."""
        if self.writer != who or self.request is None:
            return False
        self._refused[self.request.asker] = now
        self.request = None
        return True

    def gone(self, who: int, now: float) -> None:
        """Somebody has left."""
        self._refused.pop(who, None)
        if self.request is not None and self.request.asker == who:
            self.request = None
        if self.writer == who:
            if self.request is not None:
                self._hand_to(self.request.asker, now)
            else:
                self._back(now)

    def tick(self, now: float) -> bool:
        """Whether the time for an answer has run out, and with it the request."""
        request = self.request
        if request is None or now - request.since < ANSWER:
            return False
        if request.trusted:
            self._hand_to(request.asker, now)
        else:
            self.request = None
        return True

    def _back(self, now: float) -> int | None:
        self._hand_to(0 if self._holder_writes else None, now)
        return self.writer

    def _hand_to(self, who: int | None, now: float) -> None:
        self.writer, self.request = who, None
        self._typed = now
