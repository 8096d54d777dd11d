"""What a console pane says of those who share the console: who watches, whose turn it is to write, who asks."""

from __future__ import annotations

from collections.abc import Callable

from xentui.console.keys import key_label
from xentui.console.session import ConsoleSession
from xentui.console.sharing.people import Person
from xentui.screens.drawing import Line, wrap


def status(session: ConsoleSession) -> str:
    """For the title: empty while nobody else is there."""
    people = session.people
    if len(people) < 2:
        return ""
    writer = next((person for person in people if person.writes), None)
    others = len(people) - 1
    if writer is not None and writer.you:
        return f"you write, {others} watch{'es' if others == 1 else ''}"
    turn = f"{writer.user} {writer.terminal}".strip() + " writes" if writer is not None else "nobody writes"
    return f"you watch, {turn}" if session.watches else turn


def lines(session: ConsoleSession, leader: str, width: int, *, listed: bool) -> list[Line]:
    """What stands over the last rows: a request, the holder's trouble, and everybody if they are to be `listed`."""
    label = key_label(leader)
    found: list[Line] = []
    if session.watches and session.company is not None and session.company.joined is not None:
        found += _wrapped(session.company.joined.sentence, width)
    if listed:
        found += [((f" {_described(person)}", ""),) for person in session.people]
        if not session.people:
            found += _wrapped(problem(session), width)
        found.append(((f" {label} i", "key"), (" closes this list", "")))
    asker = next((person for person in session.people if person.asks), None)
    if asker is not None and session.writes and not asker.you:
        found += _wrapped(f"{asker} asks for the writing.", width)
        found.append(((f" {label} a", "key"), (" gives it   ", ""), (f"{label} k", "key"), (" keeps it", "")))
    return found


def problem(session: ConsoleSession) -> str:
    """Why nobody shares the console."""
    company = session.company
    if company is None or session.read_only:
        return "This console is not shared."
    return company.problem or "Nobody else is at this console."


def not_your_turn(session: ConsoleSession, leader: str) -> str:
    """What to say of a key that cannot go to the guest because others write."""
    writer = next((person for person in session.people if person.writes), None)
    who = f"{writer.user} {writer.terminal}".strip() + " writes" if writer is not None else "you only watch"
    if any(person.you and person.asks for person in session.people):
        return f"not sent: you have asked for the writing, {who}"
    return f"not sent: {who}. a asks for the writing, {key_label(leader)} i lists who is here"


def ask_or_give(session: ConsoleSession, say: Callable[[str], None]) -> None:
    """Ask for the writing; or give it, if it is ours. What comes of it is said later, by the company."""
    company = session.company
    if company is None or not session.people:
        say("this console is not shared: you write")
    elif not session.may_type:
        say("xentui runs read-only: it cannot write")
    elif not session.writes:
        company.ask()
    elif not company.give():
        say("you write; nobody asks for it")


def keep(session: ConsoleSession, say: Callable[[str], None]) -> None:
    """Keep the writing that somebody asks for."""
    if session.company is None or not session.company.keep():
        say("nobody asks for the writing")


def _described(person: Person) -> str:
    what = ["holds the console"] if person.id == 0 else ["watches"]
    what += ["writes"] if person.writes else []
    what += ["asks for the writing"] if person.asks else []
    return f"{person}{' (you)' if person.you else ''}: {', '.join(what)}"


def _wrapped(sentence: str, width: int) -> list[Line]:
    return [((f" {text}", ""),) for text in wrap(sentence, max(10, width - 2))] if sentence else []
