"""The user's settings: ``$XDG_CONFIG_HOME/xentui/settings.toml``. What the command line says goes before them.

::

    leader = "ctrl+b"      # the key that leaves the guest's keyboard for xentui's own
    theme = "light"
    glyphs = "ascii"       # or "unicode"
    driver = "lean"        # or "stock"
    refresh = 2.0          # seconds between two looks at the toolstack
    share = "xenadm"       # a console that is open here can be joined by root and this user (true), by the members
                           # of a group as well, or by nobody (false)
    watch = ["Kernel panic", "/err(or)?: /"]   # raise a notice when an open console shows them: words, or a regular
                           # expression between slashes
    hosts = ["root@xen2", "root@xen3"]   # the other hosts, each as --host takes it: guests can be moved to them
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xentui.console.keys import normal_key
from xentui.console.watch import Watch


class SettingsError(ValueError):
    """The settings hold something that cannot be meant. One sentence: file, line, what."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose; None leaves it to the terminal. `leader` is Textual's name of the key."""

    leader: str = "ctrl+right_square_bracket"
    theme: str | None = None
    glyphs: str | None = None
    driver: str = "lean"
    refresh: float = 2.0
    share: bool | str = True
    watch: tuple[str, ...] = ("Kernel panic", "login:")
    hosts: tuple[str, ...] = ()


def settings_file() -> Path:
    """Where the settings stand, whether or not there are any."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "xentui" / "settings.toml"


def load_settings(file: Path | None = None) -> Settings:
    """The user's settings; the defaults if there is no file. Raises SettingsError."""
    file = file or settings_file()
    try:
        text = file.read_bytes().decode()
        values = tomllib.loads(text)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    read: dict[str, Any] = {}
    for key, value in values.items():
        try:
            read[key] = _READERS[key](value)
        except KeyError:
            near = difflib.get_close_matches(key, _READERS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f": there are {', '.join(_READERS)}"
            raise SettingsError(f"{file}:{_line(text, key)}: unknown setting {key!r}{hint}") from None
        except ValueError as error:
            raise SettingsError(f"{file}:{_line(text, key)}: {key}: {error}") from error
    return Settings(**read)


def _line(text: str, key: str) -> int:
    """The line on which a top-level key stands; tomllib does not tell."""
    pattern = re.compile(rf"\s*(\[\s*)?[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text; put it in quotes")
    return value


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return str(value)

    return read


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= value <= 3600:
        raise ValueError(f"{value!r} is no number of seconds from 0.5 to 3600")
    return float(value)


def _share(value: object) -> bool | str:
    if not isinstance(value, bool | str) or value == "":
        raise ValueError(f"{value!r} is none of true, false, or the name of a group in quotes")
    return value


def _watch(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(words, str) for words in value):
        raise ValueError(f'{value!r} is no list of texts, as in ["Kernel panic", "login:"]')
    return Watch(value, lambda _notice: None).patterns


def _hosts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f'{value!r} is no list of texts, as in ["root@xen2", "root@xen3"]')
    for name in value:
        if not name or name.startswith("-") or not name.isprintable() or " " in name:
            raise ValueError(f"{name!r} is no host: give USER@HOST, HOST or ssh://USER@HOST:PORT")
    return tuple(value)


_READERS: dict[str, Callable[[object], Any]] = {
    "leader": lambda value: normal_key(_text(value)),
    "theme": _text,
    "glyphs": _one_of("ascii", "unicode"),
    "driver": _one_of("lean", "stock"),
    "refresh": _seconds,
    "share": _share,
    "watch": _watch,
    "hosts": _hosts,
}
assert list(_READERS) == [field.name for field in fields(Settings)]  # noqa: S101
