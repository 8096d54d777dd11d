"""Changing a guest's configuration file: one setting is written anew, all the rest stays as it is."""

from __future__ import annotations

from xentui.config_files import backup_of
from xentui.guests.config import refuse_bad
from xentui.guests.errors import GuestError
from xentui.guests.spec import TYPES
from xentui.host import Host, HostError
from xentui.xlcfg.edit import EditError, with_setting, without_setting, written
from xentui.xlcfg.parser import Config, ConfigError, parse


def read_config(host: Host, path: str) -> str:
    """The text of a configuration file. Raises GuestError."""
    try:
        return host.read(path).decode("utf-8", "surrogateescape")
    except HostError as error:
        raise GuestError(str(error)) from error


def kept_of(path: str) -> list[str]:
    """Where the editor and a change of type keep what a configuration was before."""
    return [backup_of(path), *(f"{path}.before-{kind}" for kind in TYPES)]


def parsed(text: str, path: str) -> Config:
    """The text, read. Raises GuestError."""
    try:
        return parse(text, path)
    except ConfigError as error:
        raise GuestError(str(error)) from error


def set_text(text: str, key: str, value: str | int | list[str] | None) -> str:
    """`text` with a setting of another value, or without it (None). What the last setting of the key says counts, so
    earlier ones go. Comments, order and all other settings stay. Raises GuestError."""
    try:
        return without_setting(text, key) if value is None else with_setting(text, key, written(value))
    except EditError as error:
        raise GuestError(str(error)) from error


def changed(text: str, changes: dict[str, str | int | list[str] | None], what: str) -> str:
    """`text` with several settings changed. Raises GuestError when xl would refuse the outcome."""
    for key, value in changes.items():
        text = set_text(text, key, value)
    refuse_bad(text, what)
    return text
