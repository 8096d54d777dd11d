"""From bytes to keys, pastes and answers. Whatever comes in, nothing raises and nothing is pressed by accident.

Escape sequences follow ECMA-48 §5.4: ESC, or CSI with parameter bytes 0x30 to 0x3f, intermediate bytes 0x20 to
0x2f and a final byte. One that is cut short or unknown is dropped as a whole; its tail is never taken for keys.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Literal, NamedTuple

Kind = Literal["key", "paste", "answer", "noise"]

_LONGEST = 64
_LONGEST_PASTE = 1 << 20
_BURST = 64
"""That many characters at once were not typed: without bracketed paste, they are a paste all the same."""
_BURST_PAUSE, _LONG_BURST_PAUSE, _LONG_BURST = 0.15, 1.0, 1024
"""Seconds after a burst in which a few more characters are its end; after one of that many characters, which a
loaded machine or network delivers with pauses."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_ENCLOSED = re.compile(r"\x1b(?:\[200~|[]P_^X])")
"""What has an end of its own."""
_STRINGS = "]P_^X"
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"
# The Linux console and older terminals: F1 to F5 as ESC [ [ A, and rxvt's and VT220's ESC [ 11 ~.
_ALIASES = {f"\x1b[[{letter}": f"\x1bO{final}" for letter, final in zip("ABCD", "PQRS", strict=True)}
_ALIASES |= {f"\x1b[{number}~": f"\x1bO{final}" for number, final in zip((11, 12, 13, 14), "PQRS", strict=True)}
_ALIASES |= {"\x1b[[E": "\x1b[15~"}
# For keyboards without function keys: ESC 1 to ESC 0 are F1 to F10.
_FUNCTION_KEYS = (*(f"\x1bO{final}" for final in "PQRS"), *(f"\x1b[{number}~" for number in (15, 17, 18, 19, 20, 21)))
_ALIASES |= {f"\x1b{digit}": sequence for digit, sequence in zip("1234567890", _FUNCTION_KEYS, strict=True)}
TYPED = {bytes([code]): chr(code) for code in range(0x21, 0x7F)}
"""What is read when a key is pressed that types something: nearly all that comes."""


def escape_delay(bytes_per_second: float | None) -> float:
    """Seconds after which ESC is the key: a sequence takes its time on a slow line."""
    if (own := os.environ.get("ESCDELAY", "")).isdecimal():
        return int(own) / 1000
    return 0.1 if not bytes_per_second else min(1.0, 0.1 + 24 / bytes_per_second)


class Token(NamedTuple):
    """What came in: a key (a character or a whole sequence), a paste, an answer of the terminal, or noise."""

    kind: Kind
    text: str


class InputParser:
    """Feed it what was read; ask `waiting` whether a sequence is unfinished, and call `timeout` when it stays so.

    utf8: whether the terminal sends UTF-8; otherwise bytes are Latin-1, with the C1 controls CSI and SS3.
    """

    def __init__(self, *, utf8: bool, clock: Callable[[], float] = monotonic) -> None:
        self._utf8 = utf8
        self._clock = clock
        self._burst_until = 0.0
        self._burst_length = 0
        self._partial = b""  # the beginning of a UTF-8 character
        self._sequence = ""  # the beginning of an escape sequence
        self._paste: list[str] | None = None
        self._pasted = 0

    @property
    def waiting(self) -> bool:
        """Whether the next byte decides, or its absence."""
        return bool(self._sequence or self._partial or self._paste is not None)

    @property
    def rests(self) -> bool:
        """Whether nothing has begun, not even a burst: a character that comes now is the key of that name."""
        return not (self._sequence or self._partial or self._burst_until) and self._paste is None

    @property
    def pasting(self) -> bool:
        """Whether a bracketed paste has begun and not ended."""
        return self._paste is not None

    def feed(self, data: bytes) -> Iterator[Token]:
        """The tokens that `data` completes."""
        text, noise = self._decode(data)
        if noise:
            yield Token("noise", "?" * noise)
        if self._paste is None and not self._sequence and self._is_burst(text):
            yield Token("paste", _clean(_SEQUENCE.sub("", text)))
            return
        for character in text:
            if self._sequence:
                yield from self._in_sequence(character)
            elif character == "\x1b":
                self._sequence = character
            elif self._paste is not None:
                yield from self._in_paste(self._paste, character)
            else:
                yield _single(character)

    def timeout(self) -> Iterator[Token]:
        """Nothing came for so long that what has begun will not be finished."""
        if self._partial:
            self._partial = b""
            yield Token("noise", "?")
        sequence, self._sequence = self._sequence, ""
        if self._paste is not None:
            yield from self._end_paste()
        elif sequence == "\x1b" or (len(sequence) == 2 and sequence[1] in _STRINGS):
            yield Token("key", sequence)  # Escape, or Alt with one of these
        elif sequence:
            yield Token("noise", sequence)

    def _decode(self, data: bytes) -> tuple[str, int]:
        """Characters, and how many bytes were none."""
        if not self._utf8:
            return data.decode("latin-1").replace("\x9b", "\x1b[").replace("\x8f", "\x1bO"), 0
        data = self._partial + data
        self._partial = b""
        try:
            return data.decode(), 0
        except UnicodeDecodeError:
            pass
        text, noise, at = "", 0, 0
        while at < len(data):
            try:
                text += data[at:].decode()
                break
            except UnicodeDecodeError as error:
                text += data[at : at + error.start].decode()
                if error.reason == "unexpected end of data":
                    self._partial = data[at + error.start :]
                    break
                noise += error.end - error.start
                at += error.end
        return text, noise

    def _is_burst(self, text: str) -> bool:
        if _ENCLOSED.search(text):
            return False
        now = self._clock()
        many = len(text) >= _BURST and sum(map(str.isprintable, _SEQUENCE.sub("", text))) >= _BURST
        goes_on = now < self._burst_until and (many or "\x1b" not in text)
        if not (many or goes_on):
            self._burst_until = 0.0
            return False
        self._burst_length = len(text) + (self._burst_length if goes_on else 0)
        self._burst_until = now + (_BURST_PAUSE if self._burst_length < _LONG_BURST else _LONG_BURST_PAUSE)
        return True

    def _in_sequence(self, character: str) -> Iterator[Token]:
        so_far = self._sequence
        if len(so_far) > 1 and so_far[1] in _STRINGS:
            yield from self._in_string(character)
            return
        if character == "\x1b":  # the one before was alone
            yield from self._alone(so_far)
            self._sequence = character
            return
        if character in "\x18\x1a":  # CAN and SUB end a sequence
            self._sequence = ""
            yield Token("noise", so_far)
            return
        if character < " " and len(so_far) > 1:  # no control characters within: it was cut
            self._sequence = ""
            yield Token("noise", so_far)
            yield _single(character)
            return
        self._sequence = so_far = so_far + character
        if _unfinished(so_far):
            if len(so_far) > _LONGEST:  # not a key any more, but its end is still to be found
                self._sequence = so_far[: _LONGEST // 2]
                yield Token("noise", so_far[_LONGEST // 2 :])
            return
        self._sequence = ""
        yield from self._finished(so_far)

    def _in_string(self, character: str) -> Iterator[Token]:
        """An answer that is a string (OSC, DCS, APC, PM, SOS): none was asked for, so it ends up nowhere."""
        self._sequence += character
        if character in "\x07\x9c\x18\x1a" or self._sequence.endswith("\x1b\\"):
            self._sequence = ""
            yield Token("noise", character)
        elif len(self._sequence) > _LONGEST:
            self._sequence = self._sequence[:3] + character
            yield Token("noise", character)

    def _alone(self, sequence: str) -> Iterator[Token]:
        if self._paste is not None:
            return
        yield Token("key" if sequence == "\x1b" else "noise", sequence)

    def _finished(self, sequence: str) -> Iterator[Token]:
        if sequence == _PASTE_BEGINS:
            self._paste, self._pasted = [], 0
        elif sequence == _PASTE_ENDS:
            if self._paste is not None:
                yield from self._end_paste()
        elif self._paste is not None:
            pass  # an escape sequence within a paste is data, and none that a field could show
        elif sequence.startswith("\x1b[") and (sequence[-1] in "Rncy" and sequence[2:3] in "?0123456789"):
            yield Token("answer", sequence)
        else:
            yield Token("key", _ALIASES.get(sequence, sequence))

    def _in_paste(self, paste: list[str], character: str) -> Iterator[Token]:
        paste.append(character)
        self._pasted += 1
        if self._pasted >= _LONGEST_PASTE:
            yield from self._end_paste()

    def _end_paste(self) -> Iterator[Token]:
        text, self._paste = "".join(self._paste or ()), None
        if text:
            yield Token("paste", _clean(text))


def _single(character: str) -> Token:
    """A character that belongs to no sequence."""
    if character == "\0":  # BREAK, or an idle line coming up
        return Token("noise", character)
    return Token("key", "\x7f" if character == "\b" else character)


def _unfinished(sequence: str) -> bool:
    """Whether an escape sequence needs more characters."""
    if len(sequence) == 1:
        return True
    introducer = sequence[1]
    if introducer in _STRINGS:
        return True
    if introducer == "O":
        return len(sequence) == 2 or (len(sequence) == 3 and sequence[2].isdigit())
    if introducer != "[":
        return False
    if len(sequence) == 2:
        return True
    if sequence[2] == "[":  # the Linux console's F1 to F5
        return len(sequence) == 3
    if sequence[2] == "M":  # a mouse report of three more characters
        return len(sequence) < 6
    return " " <= sequence[-1] <= "?"


def _clean(text: str) -> str:
    """A paste as text: line ends as \\n, no control characters but tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text if character in "\n\t" or character.isprintable())
