"""Asking for the value of a key of a configuration, in the way that fits its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xentui.screens.config_form import help_of
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.subprocesses import printable
from xentui.xlcfg.check import check
from xentui.xlcfg.edit import EditError, with_setting, without_setting, written
from xentui.xlcfg.findings import Finding, Severity
from xentui.xlcfg.keys import keys
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import Sheet

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_AWAY, _ADD = "leave away", "add"


class InTheTextError(Exception):
    """This value can only be changed in the text. One sentence."""


async def changed(app: XentuiApp, sheet: Sheet, key: str) -> str | None:
    """The text with another value for `key`, as the user says; None if it stays. Raises InTheTextError, EditError."""
    value = sheet.config.value(key)
    known = keys().get(key)
    kind = known.kind if known is not None else "list" if value is not None and value.is_list else "text"
    if kind == "list of lists" or (value is not None and _deep(value)):
        raise InTheTextError(f"{key} is a list of lists: change it in the text.")
    if (value is not None and value.is_list) or (value is None and kind.startswith("list")):
        return await _list(app, sheet, key, value)
    now = "" if value is None else str(value.content)
    if not now.isprintable():
        raise InTheTextError(f"{key} holds control characters: change it in the text.")
    if kind.startswith("flag") and kind != "flag or list":
        answer = await _choose(
            app, key, [("1", "yes"), ("0", "no"), *((word, "") for word in (known.words if known else ()))], now
        )
    elif kind == "flag or list":
        answer = await _choose(app, key, [("1", "yes"), ("0", "no")], now)
    elif kind == "words" and known is not None:
        answer = await _choose(app, key, [(word, "") for word in known.words], now)
    else:
        answer = await _ask(app, sheet, key, now, lambda text: with_setting(sheet.text, key, _plain(key, text)))
    if answer is None:
        return None
    return (
        without_setting(sheet.text, key)
        if answer in ("", _AWAY)
        else with_setting(sheet.text, key, _plain(key, answer))
    )


def _deep(value: Value) -> bool:
    return isinstance(value.content, tuple) and any(item.is_list for item in value.content)


def _plain(key: str, answer: str) -> str:
    """The answer in xl's language: numbers bare."""
    known = keys().get(key)
    number = known is not None and known.kind.startswith(("number", "flag"))
    return answer if number and answer.isascii() and answer.isdigit() else written(answer)


async def _choose(app: XentuiApp, key: str, words: list[tuple[str, str]], now: str) -> str | None:
    choices = [Choice(word, word, remark) for word, remark in words]
    choices.append(Choice(_AWAY, "-", "leave it away"))
    return await app.push_screen_wait(Choose(f"{key}: {help_of(key)}", choices, current=now or _AWAY))


async def _ask(app: XentuiApp, sheet: Sheet, key: str, now: str, made: Callable[[str], str]) -> str | None:
    """A line; what xl would refuse is said before it is taken."""
    before = {(f.code, f.message) for f in _errors(sheet.text, key)}

    def complaint(answer: str) -> str | None:
        if not answer:
            return None
        try:
            new = [f for f in _errors(made(answer), key) if (f.code, f.message) not in before]
        except EditError as error:
            return str(error)
        return new[0].message if new else None

    return await app.push_screen_wait(Ask(key, now, complaint, f"{help_of(key)} An empty answer takes it out."))


def _errors(text: str, key: str) -> list[Finding]:
    return [finding for finding in check(text) if finding.key == key and finding.severity is Severity.ERROR]


async def _list(app: XentuiApp, sheet: Sheet, key: str, value: Value | None) -> str | None:
    """Choose an item, or a new one; an empty answer takes it out of the list."""
    content = value.content if value is not None and isinstance(value.content, tuple) else ()
    items = [str(item.content) for item in content]
    choices = [Choice(str(place), printable(item) or "(with all defaults)") for place, item in enumerate(items)]
    choices.append(Choice(_ADD, "+ one more", ""))
    chosen = await app.push_screen_wait(Choose(f"{key}: {help_of(key)}", choices))
    if chosen is None:
        return None
    place = len(items) if chosen == _ADD else int(chosen)
    now = items[place] if place < len(items) else ""
    if not now.isprintable():
        raise InTheTextError(f"{key} holds control characters: change it in the text.")

    def made(answer: str) -> str:
        return _with_item(sheet, key, items, content, place, answer)

    answer = await _ask(app, sheet, key, now, made)
    if answer is None:
        return None
    if answer == "" and place == len(items):
        return None
    return made(answer)


def _with_item(sheet: Sheet, key: str, items: list[str], content: tuple[Value, ...], place: int, answer: str) -> str:
    """The text with one item of a list changed, added, or (an empty answer) taken out; the others as they stand."""
    setting = sheet.setting(key)
    if answer and place < len(items) and setting is not None:
        return sheet.text_instead(content[place], answer).apply(sheet.text)
    if answer and items and setting is not None and not setting.adds:
        end = content[-1].end
        return sheet.text[:end] + ", " + written(answer) + sheet.text[end:]
    return with_setting(sheet.text, key, written([*items[:place], *([answer] if answer else []), *items[place + 1 :]]))
