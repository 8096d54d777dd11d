"""The consoles beside the table: opening one, and how much room each of the two gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xentui.console.command import console_argv
from xentui.console.kept_log import history_of
from xentui.console.session import ConsoleSession
from xentui.console.sharing.company import company_for
from xentui.domains.domain import Domain, Snapshot
from xentui.host import Host

#: A guest's console is so large, unless told otherwise; one line more is its title.
COLUMNS, ROWS = 80, 24
#: The fewest lines that the table keeps below which the console gets less than it wants: head and rows.
_TABLE_LINES = 7
#: In fewer lines only one of the two is seen: the one that has the keys.
_LEAST_LINES = 8
#: The fewest columns the table keeps when the console stands at its side.
_TABLE_COLUMNS = 80
#: The least that a half or a third is.
_PART_COLUMNS, _PART_LINES = 40, 4


def session_for(
    host: Host,
    domain: Domain,
    newest: Callable[[], Snapshot | None],
    *,
    may_type: bool = True,
    share: bool | str = False,
) -> ConsoleSession:
    """A session on the domain's console; with the newest snapshot it finds the domain again after a reboot. What
    `share` means stands in the settings. What `xentui console --log` kept stands above all that comes.
    """
    key = domain.key

    def argv() -> list[str] | None:
        snapshot = newest()
        found = snapshot.domain(key) if snapshot is not None else None
        return console_argv(host, found) if found is not None and found.state.alive else None

    company = company_for(host, domain.name, share, may_write=may_type)
    session = ConsoleSession(
        host,
        domain.name,
        argv,
        columns=COLUMNS,
        rows=ROWS,
        company=company,
        history=lambda: history_of(host, domain.name),
    )
    session.may_type = may_type
    return session


@dataclass(frozen=True, slots=True)
class Split:
    """How table and consoles share their room: below each other, or side by side."""

    side_by_side: bool
    console: int  # lines, or columns when side by side


def split(width: int, height: int, *, at_console: bool, part: int = 0) -> Split:
    """The split of a room of `width` by `height` cells; `at_console` is whether a console has the keys. The consoles
    get a half (`part` 2) or a third (3) of it where that is large enough to be used; else what they need.
    """
    if width >= _TABLE_COLUMNS + 1 + COLUMNS:
        return Split(True, max(_PART_COLUMNS, width // part - 1) if part else max(COLUMNS, width // 2 - 1))
    if height < _LEAST_LINES:
        return Split(False, height if at_console else 0)
    if part:
        return Split(False, max(_PART_LINES, height // part))
    wanted = ROWS + 1
    if height - wanted >= _TABLE_LINES:
        return Split(False, wanted)
    return Split(False, max(height // 2, min(wanted, height - _TABLE_LINES), 1))
