"""Changing one setting of a configuration file's text; all the rest stays, byte for byte."""

from __future__ import annotations

from xentui.xlcfg.findings import Finding
from xentui.xlcfg.grammar import read
from xentui.xlcfg.parser import Setting
from xentui.xlcfg.sheet import Sheet, quote_text


class EditError(ValueError):
    """The setting cannot be changed by itself. One sentence."""


def written(value: str | int | list[str]) -> str:
    """A value in the language of xl.cfg(5)."""
    if isinstance(value, int):
        return str(value) if value >= 0 else f'"{value}"'
    if isinstance(value, str):
        return quote_text(value)
    if len(value) < 2:
        return f"[ {quote_text(value[0])} ]" if value else "[ ]"
    return "[\n" + "".join(f"    {quote_text(item)},\n" for item in value) + "]"


def with_setting(text: str, key: str, value: str) -> str:
    """The text with `value`, in the language of xl.cfg, for `key`: where it stands, or as a new last line.

    Raises EditError where the key is put together by ``+=``, or where it cannot be seen where it stands.
    """
    found = _settings(text, key)
    if not found:
        end = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{end}{key} = {value}\n"
    old = found[-1].value
    return text[: old.start] + value + text[old.end :]


def without_setting(text: str, key: str) -> str:
    """The text without any setting of `key`."""
    config, problems = read(text)
    _readable(problems, key)
    while found := [setting for setting in config.settings if setting.key == key]:
        text = Sheet(text, config).without(found[-1]).apply(text)
        config, problems = read(text)
        _readable(problems, key)
    return text


def _settings(text: str, key: str) -> list[Setting]:
    config, problems = read(text)
    _readable(problems, key)
    found = [setting for setting in config.settings if setting.key == key]
    if any(setting.adds for setting in found):
        raise EditError(f"{key} is put together by +=; change it in the text.")
    return found


def _readable(problems: list[Finding], key: str) -> None:
    if any(problem.code != "dos-line-ends" for problem in problems):
        raise EditError(f"Parts of the text are not xl's language; mend them before {key} is changed.")
