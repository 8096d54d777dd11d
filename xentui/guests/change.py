"""Changing a guest's configuration file: one setting is written anew, all the rest stays as it is."""

from __future__ import annotations

from xentui.guests.config import refuse_bad, written
from xentui.guests.errors import GuestError
from xentui.host import Host, HostError
from xentui.xlcfg.findings import Edit
from xentui.xlcfg.parser import Config, ConfigError, parse
from xentui.xlcfg.sheet import Sheet


def read_config(host: Host, path: str) -> str:
    """The text of a configuration file. Raises GuestError."""
    try:
        return host.read(path).decode("utf-8", "surrogateescape")
    except HostError as error:
        raise GuestError(str(error)) from error


def parsed(text: str, path: str) -> Config:
    """The text, read. Raises GuestError."""
    try:
        return parse(text, path)
    except ConfigError as error:
        raise GuestError(str(error)) from error


def set_text(text: str, key: str, value: str | int | list[str] | None) -> str:
    """`text` with a setting of another value, or without it (None). What the last setting of the key says counts, so
    earlier ones go. Comments, order and all other settings stay. Raises GuestError."""
    sheet = Sheet(text, parsed(text, ""))
    found = [setting for setting in sheet.config.settings if setting.key == key]
    edits = [edit for setting in found[: None if value is None else -1] for edit in sheet.without(setting).edits]
    if value is not None and found:
        last = found[-1].value
        edits.append(Edit(last.start, last.end - last.start, written(value)))
        if found[-1].adds:
            offset = sheet.offset(found[-1])
            plus = text.index("+=", offset)
            edits.append(Edit(plus, 2, "="))
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.start + edit.length :]
    if value is not None and not found:
        text = text if not text or text.endswith("\n") else text + "\n"
        text += f"{key} = {written(value)}\n"
    return text


def changed(text: str, changes: dict[str, str | int | list[str] | None], what: str) -> str:
    """`text` with several settings changed. Raises GuestError when xl would refuse the outcome."""
    for key, value in changes.items():
        text = set_text(text, key, value)
    refuse_bad(text, what)
    return text
