"""Typing a line: echo, corrections, history. Both `login` and the shell use it."""

from __future__ import annotations

import codecs
from collections.abc import Callable

INTERRUPT = "\x03"
END = "\x04"
#: Most characters a line may have: a terminal's canonical mode takes 4096.
_LONGEST = 4096


class LineEditor:
    """Call `feed` with each byte. `done` gets a line, `INTERRUPT` or `END`."""

    def __init__(self, write: Callable[[str], None], done: Callable[[str], None]) -> None:
        self._write = write
        self._done = done
        self.text = ""
        self.at = 0
        self.echo = True
        self.history: list[str] = []
        self._past = 0  # how far back in the history we are
        self._escape = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def reset(self, text: str = "") -> None:
        self.text, self.at, self._past, self._escape = text, len(text), 0, ""

    def feed(self, data: bytes) -> None:
        for char in self._decoder.decode(data):
            if self._escape:
                self._sequence(char)
            else:
                self._char(char)

    def _char(self, char: str) -> None:
        if char == "\x1b":
            self._escape = char
        elif char in "\r\n":
            self._write("\n")
            line = self.text
            self.reset()
            if line.strip() and self.echo and (not self.history or self.history[-1] != line):
                self.history.append(line)
                del self.history[:-100]
            self._done(line)
        elif char == INTERRUPT:
            self._write("^C\n")
            self.reset()
            self._done(INTERRUPT)
        elif char == END:
            if not self.text:
                self._done(END)
        elif char in "\x7f\x08":
            self._erase(1)
        elif char == "\x15":
            self._erase(self.at)
        elif char == "\x17":
            kept = self.text[: self.at].rstrip().rfind(" ") + 1
            self._erase(self.at - kept)
        elif char in "\x01\x05":
            self._move(0 if char == "\x01" else len(self.text))
        elif char == "\x0c":
            self._write("\x1b[H\x1b[2J")
            self._done(char)
        elif char >= " " and len(self.text) < _LONGEST:
            self._insert(char)

    def _sequence(self, char: str) -> None:
        self._escape += char
        if self._escape in ("\x1b[", "\x1bO") or (self._escape[1] == "[" and not "@" <= char <= "~"):
            if len(self._escape) > 32:
                self._escape = ""
            return
        sequence, self._escape = self._escape[1:], ""
        if sequence in ("[A", "OA", "[B", "OB"):
            self._recall(1 if sequence[1] == "A" else -1)
        elif sequence in ("[D", "OD"):
            self._move(max(0, self.at - 1))
        elif sequence in ("[C", "OC"):
            self._move(min(len(self.text), self.at + 1))
        elif sequence in ("[H", "OH", "[1~"):
            self._move(0)
        elif sequence in ("[F", "OF", "[4~"):
            self._move(len(self.text))
        elif sequence == "[3~" and self.at < len(self.text):
            self._move(self.at + 1)
            self._erase(1)
        # All others, answers to questions that nobody asked among them, mean nothing here.

    def _show(self, text: str) -> None:
        if self.echo:
            self._write(text)

    def _move(self, at: int) -> None:
        step = at - self.at
        self._show("\b" * -step if step < 0 else self.text[self.at : at])
        self.at = at

    def _insert(self, char: str) -> None:
        rest = self.text[self.at :]
        self.text = self.text[: self.at] + char + rest
        self.at += 1
        self._show(char + rest + "\b" * len(rest))

    def _erase(self, count: int) -> None:
        count = min(count, self.at)
        rest = self.text[self.at :]
        self.text = self.text[: self.at - count] + rest
        self.at -= count
        self._show("\b" * count + rest + " " * count + "\b" * (count + len(rest)))

    def _recall(self, step: int) -> None:
        past = self._past + step
        if not self.echo or not 0 <= past <= len(self.history):
            return
        self._move(len(self.text))
        self._erase(len(self.text))
        self._past = past
        for char in self.history[-past] if past else "":
            self._insert(char)
