"""One guest moved to another host, or all of them one after the other: checked, handed over, looked for afterwards."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xentui.domains.domain import Domain, Snapshot
from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.migration.belongings import take_along
from xentui.guests.migration.check import Answer, check, movable
from xentui.guests.migration.transfer import Transfer, transfer
from xentui.guests.migration.whereabouts import Sight, Where, Whereabouts, look, whereabouts
from xentui.guests.site import Site
from xentui.host import Host
from xentui.subprocesses import printable
from xentui.waiting import wait_until

#: Seconds that both sides get to tidy up after a move that failed, until they are taken for what they look like.
_SETTLING = 20.0
#: Seconds between two looks; and how often a host that does not answer is asked.
_PAUSE, _ASKED = 1.0, 3
#: How many of xl's last lines go with a failure.
_TAIL = 20
#: How the lines of xl's ssh begin when it cannot go on.
_SSHS = ("ssh: ", "Timeout, server ", "Connection ", "client_loop: ", "Host key ")


class MoveError(GuestError):
    """It is not there, or not for certain: the sentence says where it is, and what is left to do."""

    def __init__(self, found: Whereabouts, done: Transfer) -> None:
        details = "\n".join(printable(line) for line in done.said.splitlines()[-_TAIL:])
        super().__init__(f"{_how(done)}{found.sentence}{_why(done)}", details)
        self.where = found.where


@dataclass(frozen=True, slots=True)
class Moved:
    """A guest that runs there now: the sentence, and what became of its configuration."""

    sentence: str
    remarks: tuple[str, ...]


@contextlib.contextmanager
def other_host(here: Host, target: str, *, ask: bool = True) -> Iterator[Host]:
    """The other host, reached. Without `ask` no password can be given. Raises HostError."""
    there = here.other(target, ask=ask)
    try:
        there.open()
        yield there
    finally:
        there.close()


def refuse(answers: Sequence[Answer], name: str, there: Host) -> None:
    """Raises GuestError if something in the answers stands against it."""
    against = [answer.says for answer in answers if answer.ok is False]
    if against:
        raise GuestError(f"{name} cannot be moved to {there.name}: {against[0]}", "\n".join(against))


def move(
    site: Site, name: str, there: Host, say: Callable[[str], None], cancel: threading.Event | None = None
) -> Moved:
    """Check once more, move, and look on both sides. Raises GuestError when nothing was begun, MoveError when it is not
    there."""
    domain = movable(site, name)
    say("checking")
    refuse(check(site, name, there), name, there)
    if cancel is not None and cancel.is_set():
        raise GuestCancelledError(f"Cancelled before anything was begun: {name} runs where it was.")
    say("connecting")
    done = transfer(site.host, domain, there.address, say, cancel)
    say("looking on both sides")
    here_seen, there_seen = _look_on_both(site.host, there, domain, done)
    found = whereabouts(printable(name), site.host.name, there.name, here_seen, there_seen)
    if found.where is not Where.THERE:
        raise MoveError(found, done)
    moved = take_along(site.host, there, domain)
    return Moved(found.sentence, (*moved.done, *moved.left))


def _look_on_both(here: Host, there: Host, domain: Domain, done: Transfer) -> tuple[Sight | None, Sight | None]:
    """How things stand once they have settled: a half copy takes its while to be destroyed, a host to answer."""
    seen: list[Sight | None] = [None, None]
    unanswered = 0

    def settled() -> bool:
        nonlocal unanswered
        seen[0] = look(here, domain.name, domain.uuid)
        seen[1] = look(there, domain.name, domain.uuid)
        own, other = seen
        if own is None or other is None:
            unanswered += 1
            return unanswered >= _ASKED
        return other.incoming is None and (other.runs or own.runs) and not (other.runs and own.runs)

    # Where xl itself did not end, nothing will settle soon.
    wait_until(settled, _SETTLING if done.ended else 0.0, every=_PAUSE)
    return seen[0], seen[1]


def _how(done: Transfer) -> str:
    """How it ended, before the sentence on where the guest is."""
    how = "Cancelled. " if done.cancelled else "The move failed. " if done.ended and not done.ok else ""
    return how if done.ended else f"{how}{printable(done.said.splitlines()[-1])}. "


def _why(done: Transfer) -> str:
    """What xl had against it, behind that sentence."""
    lines = [line for line in done.said.splitlines() if line.strip() and not line.startswith("xc: Frames")]
    # Where ssh says something, that is the cause; xl's own errors are what came of it.
    telling = [line for line in lines if line.startswith(_SSHS)] or [line for line in lines if "error" in line.lower()]
    telling = telling or lines
    if done.cancelled or done.ok or not done.ended or not telling:
        return ""
    return f" (xl: {printable(telling[0].strip())[:120]})"


def guests_to_move(snapshot: Snapshot) -> tuple[list[Domain], list[str]]:
    """The guests that emptying the host means, the smallest first; and a sentence on each other one that Xen has."""
    moved: list[Domain] = []
    left: list[str] = []
    for domain in snapshot.domains:
        if domain.is_dom0 or not domain.state.alive:
            continue
        if domain.libvirt_owns:
            left.append(f"{domain.name} is libvirt's and stays: virsh migrate moves it.")
        elif not domain.state.up:
            left.append(f"{domain.name} is {domain.state.said} and stays: only what runs can be moved live.")
        else:
            moved.append(domain)
    return sorted(moved, key=lambda domain: domain.memory_mib or 0), left


def told_of(name: str, error: GuestError) -> str:
    """How it ended for one of several."""
    return error.headline if name in error.headline else f"{name}: {error.headline}"


def _named(say: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda line: say(f"{name}: {line}")


def move_all(
    look_at: Callable[[], Site],
    names: Sequence[str],
    there: Host,
    say: Callable[[str], None],
    ended: Callable[[str, Moved | GuestError], None],
    cancel: threading.Event | None = None,
) -> int:
    """Move them one after the other, and tell how each ended; gives how many did not get there. What cannot be told for
    certain, a cancel, and a host that does not answer end it: the rest stays."""
    failed = 0
    for number, name in enumerate(names):
        try:
            result: Moved | GuestError = move(look_at(), name, there, _named(say, name), cancel)
        except GuestError as error:
            result = error
            failed += 1
        ended(name, result)
        stop = cancel is not None and cancel.is_set()
        stop = stop or (isinstance(result, MoveError) and result.where is not Where.HERE)
        stop = stop or (isinstance(result, GuestError) and look(there, name) is None)
        if stop:
            rest = names[number + 1 :]
            for one in rest:
                ended(one, GuestError(f"{one} was not moved: it was ended before its turn."))
            return failed + len(rest)
    return failed
