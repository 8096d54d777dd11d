"""What a guest prints as lines of text, for a log: nothing that was printed is lost, whatever the cursor did.

Escape sequences are taken out. Carriage return, backspace, tab and the sequences by which a shell edits its line
move in the line; whatever moves to another one ends it. A screen that a program draws becomes its rows, in the order
in which they were drawn.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

#: Characters after which a line goes on in another.
LONGEST = 4096
#: Characters of a sequence that has begun; a longer one is text.
_LONGEST_SEQUENCE = 256
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<string>\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])"
    r"|(?P<escape>\x1b[ -/]*[0-OQ-WYZ`-~\\]|[\x80-\x8f\x91-\x97\x99\x9a\x9c])"
)
_STRING_END = re.compile("\x07|\x1b\\\\|[\x18\x1a\x9c]")
#: Sequences that stay in the line; all others but SGR and modes go elsewhere, and end it.
_ELSEWHERE = frozenset("ABEFHJLMSTfder")


class Line(NamedTuple):
    """A line and when it began to come (seconds)."""

    text: str
    began: float


class Lines:
    """Bytes to lines, whatever pieces they come in. Keeps no more than one line and one sequence."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._kept = ""
        self._in_string = False
        self._text = ""
        self._column = 0
        self._began = 0.0

    def feed(self, data: bytes, now: float) -> Iterator[Line]:
        """The lines that are whole now. To be read to its end."""
        text = self._kept + self._decoder.decode(data)
        self._kept = ""
        position = 0
        while position < len(text):
            if self._in_string:
                end = _STRING_END.search(text, position)
                if end is None:
                    self._kept = "\x1b" if text.endswith("\x1b") else ""  # perhaps the first half of its end
                    return
                self._in_string, position = False, end.end()
                continue
            token = _TOKEN.match(text, position)
            if token is None:  # an escape that has only begun, or is none
                if len(text) - position <= _LONGEST_SEQUENCE and text[position] in "\x1b\x9b":
                    rest = text[position + 1 :]
                    if not re.search("[\x00-\x1f\x7f-\x9f]", rest):
                        self._kept = text[position:]
                        return
                position += 1
                continue
            position = token.end()
            yield from self._take(token, now)

    def rest(self) -> Line | None:
        """What stands on the line that is not whole; None if nothing does."""
        return Line(self._text.rstrip(), self._began) if self._text.strip() else None

    def end(self) -> Iterator[Line]:
        """Whatever comes next is on another line."""
        if self._text.strip():
            yield self._ended()
        self._text, self._column = "", 0

    def _take(self, token: re.Match[str], now: float) -> Iterator[Line]:
        kind = token.lastgroup
        if kind == "text":
            yield from self._put(token["text"], now)
        elif kind == "control":
            yield from self._control(token["control"], now)
        elif kind == "final":
            if token["final"] in _ELSEWHERE or token["parameters"] in ("?47", "?1047", "?1049"):
                yield from self.end()
            else:
                self._edit(token["parameters"], token["final"])
        elif kind == "string":
            self._in_string = True
        elif token[0][-1] in "DEMc\x84\x85\x8d":
            yield from self.end()

    def _put(self, text: str, now: float) -> Iterator[Line]:
        if not self._text:
            self._began = now
        column = self._column
        if column >= len(self._text):
            self._text = self._text.ljust(column) + text
        else:
            self._text = self._text[:column] + text + self._text[column + len(text) :]
        self._column += len(text)
        while len(self._text) > LONGEST:
            yield Line(self._text[:LONGEST], self._began)
            self._text, self._began = self._text[LONGEST:], now
            self._column = len(self._text)

    def _control(self, control: str, now: float) -> Iterator[Line]:
        if control in "\n\v\f":
            yield self._ended() if self._text else Line("", now)
            self._text, self._column = "", 0
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            yield from self._put(" " * (8 - self._column % 8), now)

    def _edit(self, parameters: str, final: str) -> None:
        """Erase and move within the line."""
        number = int(parameters) if parameters.isdecimal() and len(parameters) < 5 else 0
        if final == "K" and number == 0:
            self._text = self._text[: self._column]
        elif final == "K" and number == 2:
            self._text = ""
        elif final == "C":
            self._column = min(self._column + max(1, number), LONGEST - 1)
        elif final == "D":
            self._column = max(0, self._column - max(1, number))
        elif final in "G`":
            self._column = min(max(1, number), LONGEST) - 1
        elif final == "P":
            self._text = self._text[: self._column] + self._text[self._column + max(1, number) :]

    def _ended(self) -> Line:
        return Line(self._text.rstrip(), self._began)
