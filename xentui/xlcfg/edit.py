"""Changing one setting of a configuration file's text; all the rest stays, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

from xentui.xlcfg.findings import Edit, Repair
from xentui.xlcfg.grammar import read
from xentui.xlcfg.parser import Setting
from xentui.xlcfg.sheet import Sheet, quote_text


class EditError(ValueError):
    """The text cannot be read as it is. One sentence."""


def written(value: str | int | Sequence[str]) -> str:
    """A value in the language of xl.cfg(5)."""
    if isinstance(value, int):
        return str(value) if value >= 0 else f'"{value}"'
    if isinstance(value, str):
        return quote_text(value)
    if len(value) < 2:
        return f"[ {quote_text(value[0])} ]" if value else "[ ]"
    return "[\n" + "".join(f"    {quote_text(item)},\n" for item in value) + "]"


def with_setting(text: str, key: str, value: str) -> str:
    """The text with `value`, in the language of xl.cfg, for `key`: where its last setting stands, else as a new line.
    Earlier settings of the key, and those that it was added to by ``+=``, go. Raises EditError.
    """
    found = _settings(text, key)
    while len(found) > 1:
        text = _sheet(text, key).without(found[0]).apply(text)
        found = _settings(text, key)
    if not found:
        end = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{end}{key} = {value}\n"
    last = found[0]
    edits = [Edit(last.value.start, last.value.end - last.value.start, value)]
    if last.adds:
        edits.append(Edit(text.index("+=", _sheet(text, key).offset(last)), 2, "="))
    return Repair("", tuple(edits)).apply(text)


def without_setting(text: str, key: str) -> str:
    """The text without any setting of `key`. Raises EditError."""
    while found := _settings(text, key):
        text = _sheet(text, key).without(found[-1]).apply(text)
    return text


def _settings(text: str, key: str) -> list[Setting]:
    return [setting for setting in _sheet(text, key).config.settings if setting.key == key]


def _sheet(text: str, key: str) -> Sheet:
    config, problems = read(text)
    wrong = next((problem for problem in problems if problem.code != "dos-line-ends"), None)
    if wrong is not None:
        raise EditError(f"Line {wrong.line} is not xl's language ({wrong.message}): mend it before {key} is changed.")
    return Sheet(text, config)
