"""The language of xl.cfg(5), as xl reads it.

Source: Xen's tools/libs/util/libxlu_cfg_l.l, libxlu_cfg_y.y and libxlu_cfg.c. To xl every single value
is a string; whether it is a number is asked only when it is used. Settings keep their places in the
text, so that a checker can point at them and an editor can change one and leave the rest alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from xentui.xlcfg.cnumbers import signed

Plain = str | int | list["Plain"]
"""A value without its position."""

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
      | (?P<newline>\n|\#[^\n]*\n)
      | (?P<key>[a-z][._0-9a-z]*)
      | (?P<number>[0-9][0-9a-fx]*)
      | (?P<string>'(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*")
      | (?P<sign>\+=|[=\[\],;])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: What follows the first digit of an octal escape. xl reads it as a decimal number of at most three
#: characters, asks for two of them, and then forgets the character.
_OCTAL_REST = re.compile(r"[ \t\v\f\r]*[+-]?[0-9]+")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "'": "'", "\\": "\\"}
#: Lists in lists, as deep as that, are somebody's mistake; xl itself gives up at some thousands.
_DEEPEST = 100


class ConfigError(Exception):
    """The text is not xl's language. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int, filename: str = "") -> None:
        super().__init__(f"{filename}:{line}:{column}: {message}" if filename else f"{line}:{column}: {message}")
        self.message = message
        self.line = line
        self.column = column
        self.filename = filename


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands: `content` is the text of a single value, or the values of a list.

    `quoted` tells ``"512"`` from ``512``; to xl they are the same. `start` and `end` are offsets into
    the text, quotes and brackets included.
    """

    content: str | tuple[Value, ...]
    quoted: bool
    line: int
    column: int
    start: int
    end: int

    @property
    def is_list(self) -> bool:
        return isinstance(self.content, tuple)

    @property
    def plain(self) -> Plain:
        """The value without its position; an unquoted number is an int, if xl would take it as one."""
        if isinstance(self.content, tuple):
            return [item.plain for item in self.content]
        if not self.quoted and (number := as_number(self.content)) is not None:
            return number
        return self.content


@dataclass(frozen=True, slots=True)
class Setting:
    """``key = value`` or, with `adds`, ``key += value``, as written."""

    key: str
    value: Value
    adds: bool
    line: int
    column: int


@dataclass(slots=True)
class Config:
    """A parsed file. The last setting of a key counts; ``+=`` adds to the one before."""

    settings: list[Setting] = field(default_factory=list)
    #: What counts in the end, by key: the value, and whether its setting was a ``+=``.
    _effective: dict[str, tuple[Value, bool]] = field(default_factory=dict)

    def value(self, key: str) -> Value | None:
        """The value that counts, with its position."""
        found = self._effective.get(key)
        return found[0] if found else None

    def get(self, key: str) -> Plain | None:
        """The value that counts, as a string, a number or a list; None where there is none."""
        found = self.value(key)
        return found.plain if found else None

    def string(self, key: str) -> str | None:
        """The value as xl_cfg_get_string sees it; None for a list."""
        found = self.value(key)
        return found.content if found and isinstance(found.content, str) else None

    def number(self, key: str) -> int | None:
        """The value as xl_cfg_get_long sees it; None where xl would warn and go on without."""
        found = self._effective.get(key)
        if found is None or found[1] or not isinstance(found[0].content, str):
            return None
        return as_number(found[0].content)

    def strings(self, key: str) -> list[str]:
        """The strings of a list, up to the first that is a list itself: there xl stops reading, silently."""
        found = self.value(key)
        strings: list[str] = []
        if found is not None and isinstance(found.content, tuple):
            for item in found.content:
                if not isinstance(item.content, str):
                    break
                strings.append(item.content)
        return strings

    def keys(self) -> Iterator[str]:
        return iter(self._effective)

    def _store(self, setting: Setting) -> None:
        value = setting.value
        earlier = self.value(setting.key) if setting.adds else None
        if earlier is not None:
            both: str | tuple[Value, ...]
            if isinstance(earlier.content, tuple) and isinstance(value.content, tuple):
                both = earlier.content + value.content
            else:
                assert isinstance(earlier.content, str) and isinstance(value.content, str)  # noqa: S101
                both = earlier.content + value.content
            value = Value(both, True, value.line, value.column, value.start, value.end)
        self._effective[setting.key] = (value, setting.adds)
        self.settings.append(setting)


def as_number(text: str) -> int | None:
    """`text` as strtol(3) with base 0 reads it: ``0x10`` is 16, ``010`` is 8, ``0b10`` is 2; None if it is not one."""
    found = signed(text)
    if found is None or found[1]:
        return None
    return found[0] if -(2**63) <= found[0] < 2**63 else None


def parse(text: str, filename: str = "") -> Config:
    """Read a configuration file's text. Raises ConfigError at the first thing that xl would refuse."""
    return _Parser(text, filename).config()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # key, number, string, newline, end, or the sign itself
    text: str
    start: int


class _Parser:
    def __init__(self, text: str, filename: str) -> None:
        self._text = text
        self._filename = filename
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._tokens = self._lex()
        self._next = next(self._tokens)

    def config(self) -> Config:
        config = Config()
        while self._next.kind != "end":
            if self._next.kind in ("newline", ";"):
                self._take()
                continue
            setting = self._setting()
            earlier = config.value(setting.key) if setting.adds else None
            if earlier is not None and earlier.is_list != setting.value.is_list:
                raise self._error(f"+= cannot join a list and a single value of {setting.key}", setting.value.start)
            config._store(setting)
            if self._next.kind not in ("newline", ";", "end"):
                raise self._unexpected("a new line or ; after the value")
        return config

    def _setting(self) -> Setting:
        if self._next.kind != "key":
            raise self._unexpected("a key")
        key = self._take()
        if self._next.kind not in ("=", "+="):
            raise self._unexpected(f"= after {key.text}")
        adds = self._take().kind == "+="
        line, column = self._position(key.start)
        return Setting(key.text, self._value(), adds, line, column)

    def _value(self, depth: int = 0) -> Value:
        token = self._next
        line, column = self._position(token.start)
        if token.kind == "[":
            if depth == _DEEPEST:
                raise self._error(f"lists nested deeper than {_DEEPEST}", token.start)
            items, end = self._list(depth + 1)
            return Value(items, False, line, column, token.start, end)
        if token.kind not in ("string", "number"):
            hint = ' (text needs quotes: "...")' if token.kind == "key" else ""
            raise self._unexpected(f"a value{hint}")
        self._take()
        quoted = token.kind == "string"
        content = self._dequote(token) if quoted else token.text
        return Value(content, quoted, line, column, token.start, token.start + len(token.text))

    def _list(self, depth: int) -> tuple[tuple[Value, ...], int]:
        opening = self._take()
        items: list[Value] = []
        self._skip_newlines()
        while self._next.kind != "]":
            if self._next.kind == "end":
                raise self._error("this [ is never closed by ]", opening.start)
            items.append(self._value(depth))
            self._skip_newlines()
            if self._next.kind == ",":
                self._take()
                self._skip_newlines()
            elif self._next.kind not in ("]", "end"):
                raise self._unexpected(", or ]")
        return tuple(items), self._take().start + 1

    def _skip_newlines(self) -> None:
        while self._next.kind == "newline":
            self._take()

    def _take(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _lex(self) -> Iterator[_Token]:
        text, at = self._text, 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if at == len(text) - 1 and (text[at].isascii() or 0xDC80 <= ord(text[at]) <= 0xDCFF):
                    break  # xl's lexer forgets a bad byte that is the very last one
                raise self._lexical_error(at)
            kind = found.lastgroup or ""
            if kind != "blank":
                yield _Token(found.group() if kind == "sign" else kind, found.group(), at)
            at = found.end()
        yield _Token("end", "", len(text))

    def _lexical_error(self, at: int) -> ConfigError:
        char = self._text[at]
        if char in "\"'":
            return self._error(f"this {char} is not closed on its line", at)
        if char == "#":
            return self._error("a comment on the last line must end with a newline", at)
        if char == "\r":
            return self._error("a carriage return: the file has DOS line ends", at)
        if char.isalpha() and char.isupper():
            return self._error(f"upper case outside quotes: {char}", at)
        if char in "+-.():":
            return self._error(f"{char} outside quotes; Python in a configuration is no longer understood", at)
        if 0xDC80 <= ord(char) <= 0xDCFF:  # kept by surrogateescape
            return self._error(f"the byte 0x{ord(char) - 0xDC00:02x}, which is no text", at)
        return self._error(f"{char!a} outside quotes", at)

    def _dequote(self, token: _Token) -> str:
        if "\0" in token.text:
            raise self._error("a NUL byte in a string, which crashes xl", token.start + token.text.index("\0"))
        if "\\" not in token.text:
            return token.text[1:-1]
        pieces: list[str] = []
        inner, at = token.text[:-1], 1
        while at < len(inner):
            if inner[at] != "\\":
                pieces.append(inner[at])
                at += 1
                continue
            char = inner[at + 1]
            at += 2
            if char in _ESCAPED:
                pieces.append(_ESCAPED[char])
            elif char in "01234567":
                rest = _OCTAL_REST.match(inner[at : at + 3])
                if rest is None or rest.end() < 2:
                    raise self._error(f"\\{char} is no escape that xl understands", token.start + at - 2)
                at += rest.end()
            else:
                raise self._error(f"\\{char} is no escape that xl understands", token.start + at - 2)
        return "".join(pieces)

    def _position(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, at)
        return line, at - self._line_starts[line - 1] + 1

    def _unexpected(self, wanted: str) -> ConfigError:
        token = self._next
        met = {"end": "the end of the file", "newline": "the end of the line"}.get(token.kind) or token.text[:40]
        return self._error(f"expected {wanted}, found {met}", token.start)

    def _error(self, message: str, at: int) -> ConfigError:
        return ConfigError(message, *self._position(at), self._filename)
