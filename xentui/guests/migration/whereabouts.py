"""Where is a guest that was being moved? Both hosts are looked at, whatever xl said, and one sentence says it.

Names are those of tools/xl/xl_migrate.c: a copy that is not started yet is NAME--incoming, and paused; the original is
NAME--migratedaway, and suspended, from the moment in which the other side is told to start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from shlex import quote

from xentui.domains.domain import State
from xentui.domains.toolstack import ToolstackError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import ListRow, OutputError
from xentui.host import Host

INCOMING, AWAY = "--incoming", "--migratedaway"


class Where(Enum):
    """Where it is now; UNKNOWN also where one host does not answer and the other cannot settle it."""

    HERE = auto()
    THERE = auto()
    BOTH = auto()
    NOWHERE = auto()  # it stands still, or is gone
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Sight:
    """What stands on one host, under the guest's three names. `stranger`: another guest has its name there."""

    plain: ListRow | None = None
    incoming: ListRow | None = None
    away: ListRow | None = None
    stranger: bool = False

    @property
    def runs(self) -> bool:
        """It lives there, if only paused."""
        return self.plain is not None and (self.plain.state.up or self.plain.state is State.PAUSED)

    @property
    def suspended(self) -> ListRow | None:
        """The original, standing still, under either name."""
        return next((row for row in (self.away, self.plain) if row is not None and _is_suspended(row)), None)


def _is_suspended(row: ListRow) -> bool:
    return row.state is State.SHUTDOWN and row.shutdown_reason == "suspend"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where it is, and the sentence that says so and what is left to do."""

    where: Where
    sentence: str


def look(host: Host, name: str, uuid: str | None = None) -> Sight | None:
    """What stands there; None where the host does not answer. A `uuid` tells another guest of that name apart."""
    xl = Xl(host)
    try:
        rows = {row.name: row for row in xl.list() if row.id is not None}
        plain, stranger = rows.get(name), False
        if plain is not None and uuid is not None:
            known = xl.long_list().get(plain.id or 0)
            stranger = known is not None and known.uuid not in (None, uuid)
    except (ToolstackError, OutputError):
        return None
    return Sight(None if stranger else plain, rows.get(name + INCOMING), rows.get(name + AWAY), stranger)


def whereabouts(name: str, here_name: str, there_name: str, here: Sight | None, there: Sight | None) -> Whereabouts:
    """The judgement on what was seen on the host it came from (`here`) and on the other one."""
    told = _Telling(name, here_name, there_name)
    if here is None or there is None:
        return told.half_blind(here, there)
    found = told.seen(here, there)
    if there.stranger:
        return Whereabouts(found.where, f"{found.sentence} Another guest has the name {name} on {there_name}.")
    return found


@dataclass(frozen=True, slots=True)
class _Telling:
    name: str
    here: str
    there: str

    @property
    def incoming(self) -> str:
        return self.name + INCOMING

    @property
    def away(self) -> str:
        return self.name + AWAY

    def seen(self, here: Sight, there: Sight) -> Whereabouts:
        """Both hosts answer."""
        name = self.name
        if here.runs and there.runs:
            return Whereabouts(
                Where.BOTH,
                f"DANGER: {name} runs on {self.here} and on {self.there}, and two that write to one disk ruin it."
                f" At once, on one of them: xl pause {quote(name)}; then see which is right, and destroy the other.",
            )
        if there.runs:
            left = here.suspended
            more = (
                f" What it was stands suspended on {self.here}, of no more use: xl destroy {quote(left.name)} there."
                if left is not None
                else ""
            )
            return Whereabouts(Where.THERE, f"{name} runs on {self.there} now.{more}")
        if here.runs:
            more = (
                f" A copy that was not started stands paused on {self.there} and holds memory:"
                f" xl destroy {quote(self.incoming)} there."
                if there.incoming is not None
                else ""
            )
            return Whereabouts(Where.HERE, f"{name} still runs on {self.here}.{more}")
        return Whereabouts(Where.NOWHERE, f"{name} runs nowhere: {self._standing(here, there)}")

    def _standing(self, here: Sight, there: Sight) -> str:
        """It runs on neither."""
        left, copy = here.suspended, there.incoming
        if left is None and copy is None:
            row = here.plain or there.plain
            if row is not None:
                return f"it is {row.state.said} on {self.here if here.plain is not None else self.there}."
            return f"it is on neither host any more. Its disks are as it left them: xentui start {quote(self.name)}"
        if left is None:
            return (
                f"it is gone from {self.here}, and its copy stands paused on {self.there}."
                f" There: xl rename {quote(self.incoming)} {quote(self.name)}; xl unpause {quote(self.name)}"
            )
        back = self._back(left)
        if copy is None:
            return f"it stands suspended on {self.here}. To let it go on there: {back}"
        if left.name != self.away:  # the other side was not told to start: its copy may be half of one
            return (
                f"it stands suspended on {self.here}, and a copy, paused, on {self.there}."
                f" On {self.there}: xl destroy {quote(copy.name)}; then on {self.here}: {back}"
            )
        return (
            f"it stands suspended on {self.here}, and its copy, paused, on {self.there}. Let ONE of them go on."
            f" Either on {self.there}: xl destroy {quote(copy.name)}; then on {self.here}: {back}."
            f" Or on {self.here}: xl destroy {quote(left.name)}; then on {self.there}:"
            f" xl rename {quote(copy.name)} {quote(self.name)}; xl unpause {quote(self.name)}"
        )

    def _back(self, left: ListRow) -> str:
        rename = f"xl rename {quote(left.name)} {quote(self.name)}; " if left.name != self.name else ""
        return f"{rename}xl resume {quote(self.name)}"

    def half_blind(self, here: Sight | None, there: Sight | None) -> Whereabouts:
        """At least one host does not answer."""
        name = self.name
        if here is None and there is None:
            return self._unknown(f"neither {self.here} nor {self.there} answers. Look on both: xl list")
        if here is None:
            seen = (
                f"it runs on {self.there}" if there is not None and there.runs else f"it does not run on {self.there}"
            )
            return self._unknown(f"{seen}, and {self.here} does not answer. Look there before you start anything.")
        if here.runs:
            return Whereabouts(
                Where.HERE,
                f"{name} still runs on {self.here}. {self.there} does not answer: if a copy was left there, it is"
                f" paused; once it answers: xl destroy {quote(self.incoming)} there.",
            )
        left = here.suspended
        if left is None:
            return self._unknown(
                f"it does not run on {self.here}, and {self.there} does not answer. Look there: xl list"
            )
        if left.name == name:  # never told to start: nothing of it can run there
            return Whereabouts(
                Where.NOWHERE,
                f"{name} runs nowhere: it stands suspended on {self.here}, and {self.there}, which does not answer, was"
                f" not told to start it. To let it go on here: xl resume {quote(name)}",
            )
        return self._unknown(
            f"it stands suspended on {self.here} as {left.name}, and {self.there}, which was told to start it, does not"
            f" answer. Look there first. If it runs there: xl destroy {quote(left.name)} here. Only if it does not, and"
            f" cannot begin to: {self._back(left)}"
        )

    def _unknown(self, sentence: str) -> Whereabouts:
        return Whereabouts(Where.UNKNOWN, f"Where {self.name} is cannot be told: {sentence}")
