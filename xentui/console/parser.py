"""From bytes to characters, controls and escape sequences (ECMA-35, ECMA-48; the states are Paul Williams' for
the VT500, vt100.net/emu/dec_ansi_parser).

Whole sequences and runs of text are found by one regular expression; what it does not match (a sequence that the
end of the data splits, controls inside a sequence, strings) goes through the states. No state keeps more than a
few hundred characters, so a sequence of any length costs no memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from xentui.console.charsets import without_controls
from xentui.console.functions import CONTROLS, CSI, ESC, parameters_of
from xentui.console.terminal import Terminal

PIECE = 65_536
"""Bytes decoded at a time, so that a large feed takes no large copies."""
LONGEST_SEQUENCE = 256
"""Characters of a CSI sequence that are kept; a longer one is swallowed and has no effect."""
LONGEST_TITLE = 256
"""Characters of a title that are kept."""
REPLIES_A_FEED = 64
"""No honest program asks more in one piece of output."""

# An escape sequence, a run of text, further lines of text, a control: each may be absent.
_TOKEN = re.compile(
    r"(?:\x1b(?:\[([<-?]?[0-9;:]{0,64})([@-~])|([()*+][0-~]|[0-OQ-WYZ`-~])))?"
    r"([^\x00-\x1f\x7f-\x9f]*+)"
    r"((?:\r\r?+\n[^\x00-\x1f\x7f-\x9f]*+)*+)"
    r"([\x07-\x0f])?"
)
_SEQUENCE_BODY = re.compile("[ -?]*")
_SEQUENCE = re.compile("([<-?]?)([0-9;:]*)([ -/]*)")
_STRING_END = re.compile("[\x07\x18\x1a\x1b\x9c]")
_SLOTS = {"(": 0, ")": 1, "*": 2, "+": 3, "-": 1, ".": 2, "/": 3}


class Parser:
    """Feeds a terminal. Any split of the same bytes leaves it in the same state."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state: Callable[[str, int], int] = self._ground
        self._kept = ""
        self._string = ""
        self.rests = True
        """Whether nothing has begun: the next character stands for itself."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the guest."""
        self._terminal.replies_left = REPLIES_A_FEED
        for start in range(0, len(data), PIECE):
            text = self._decoder.decode(data[start : start + PIECE])
            position, end = 0, len(text)
            while position < end:
                position = self._state(text, position)
        self.rests = self._state == self._ground and not self._decoder.getstate()[0]

    @property
    def in_string(self) -> bool:
        """Whether output is being swallowed as part of an OSC, DCS, APC, PM or SOS that has not ended."""
        return self._state in (self._in_string, self._linux_palette)

    @property
    def pending(self) -> bytes:
        """The beginning of a sequence, a string or a character of which the rest has not come; what is kept of it."""
        begins: dict[Callable[[str, int], int], str] = {
            self._escape: f"\x1b{self._kept}",
            self._csi: f"\x1b[{self._kept}",
            self._in_string: f"\x1b{self._string}",
            self._linux_palette: f"\x1b]P{'0' * len(self._kept)}",
        }
        return begins.get(self._state, "").encode("utf-8", "replace") + self._decoder.getstate()[0]

    def _ground(self, text: str, position: int) -> int:
        terminal = self._terminal
        draw, draw_lines, select_rendition = terminal.draw, terminal.draw_lines, terminal.rendition.select
        for match in _TOKEN.finditer(text, position):
            parameters, final, escape, run, lines, control = match.groups()
            if final:
                if final == "m" and not (parameters and parameters[0] > ";"):
                    select_rendition(parameters)
                else:
                    self._control_sequence(parameters, final)
            elif escape:
                self._escape_sequence(escape)
            elif match.end() == match.start():
                break
            if run:
                draw(run)
            if lines:
                if "\r\r" in lines:  # a text with carriage returns, to which the guest's tty added its own
                    lines = lines.replace("\r\r", "\r")
                draw_lines(lines.split("\r\n")[1:])
            if control:
                CONTROLS[control](terminal)
        else:
            return len(text)
        position = match.start()
        if position < len(text):
            self._control(text[position])
            position += 1
        return position

    # -- the states --------------------------------------------------------------------------------------------

    def _control(self, character: str) -> None:
        """A control character in any state but a string: ESC and C1 begin something, CAN and SUB end it."""
        if character == "\x1b":
            self._kept = ""
            self._state = self._escape
        elif character in "\x18\x1a":
            self._state = self._ground
        elif "\x80" <= character <= "\x9f":
            self._kept = ""
            self._escape(chr(ord(character) - 0x40), 0)
        elif character in CONTROLS:
            CONTROLS[character](self._terminal)

    def _escape(self, text: str, position: int) -> int:
        """After ESC: intermediates, then a final character."""
        character = text[position]
        if " " <= character <= "/":
            self._kept = (self._kept + character)[:4]
        elif "0" <= character <= "~":
            self._state = self._ground
            if self._kept:
                self._escape_sequence(self._kept + character)
            elif character == "[":
                self._state = self._csi
            elif character in "]PX^_":
                self._string = character
                self._state = self._in_string
            else:
                self._escape_sequence(character)
        elif character < "\xa0":
            self._control(character)
        else:
            self._state = self._ground
            return position
        return position + 1

    def _csi(self, text: str, position: int) -> int:
        """After CSI: parameters and intermediates, then a final character."""
        match = _SEQUENCE_BODY.match(text, position)
        if match and match.end() > position:
            self._kept += match[0][: LONGEST_SEQUENCE + 1 - len(self._kept)]
            return match.end()
        character = text[position]
        if "@" <= character <= "~":
            self._state = self._ground
            if len(self._kept) <= LONGEST_SEQUENCE:
                self._control_sequence(self._kept, character)
        elif character < "\xa0":
            self._control(character)
        else:
            self._state = self._ground
            return position
        return position + 1

    def _in_string(self, text: str, position: int) -> int:
        """Within OSC, DCS, APC, PM or SOS (the first kept character says which): swallow up to the end."""
        kind = self._string[0]
        if kind == "]" and len(self._string) == 1:
            # Linux' palette sequences have no terminator (console_codes(4)).
            if text[position] == "P":
                self._kept = ""
                self._state = self._linux_palette
                return position + 1
            if text[position] == "R":
                self._state = self._ground
                return position + 1
        match = _STRING_END.search(text, position)
        end = match.start() if match else len(text)
        if len(self._string) < LONGEST_TITLE + 3:
            self._string += text[position : min(end, position + LONGEST_TITLE + 3 - len(self._string))]
        if match is None:
            return end
        if match[0] == "\x07" and kind != "]":
            return end + 1
        self._state = self._ground
        if kind == "]" and match[0] not in "\x18\x1a":
            self._command(self._string[1:])
        if match[0] == "\x1b":
            self._control("\x1b")
        return end + 1

    def _linux_palette(self, text: str, position: int) -> int:
        """`ESC ] P` and seven hexadecimal digits."""
        if text[position] not in "0123456789abcdefABCDEF":
            self._state = self._ground
            return position
        self._kept += "."
        if len(self._kept) == 7:
            self._state = self._ground
        return position + 1

    # -- what they find ----------------------------------------------------------------------------------------

    def _escape_sequence(self, sequence: str) -> None:
        function = ESC.get(sequence)
        if function is not None:
            function(self._terminal)
        elif len(sequence) == 2 and sequence[0] in _SLOTS:
            self._terminal.designate(_SLOTS[sequence[0]], sequence[1])

    def _control_sequence(self, body: str, final: str) -> None:
        """A CSI sequence: its body are parameters with an optional private prefix, and intermediates."""
        function = CSI.get(final)
        if function is not None and (not body or body.isdecimal()):
            function(self._terminal, parameters_of(body))
            return
        match = _SEQUENCE.fullmatch(body)
        if match is None:
            return
        prefix, parameters, intermediates = match.groups()
        if final == "m" and not prefix and not intermediates:
            self._terminal.rendition.select(parameters)
            return
        function = CSI.get(prefix + intermediates + final)
        if function is not None:
            function(self._terminal, parameters_of(parameters))

    def _command(self, text: str) -> None:
        """An OSC that ended. Only titles (0 and 2) mean something to us; 8, 52 and all others are swallowed."""
        number, separator, title = text.partition(";")
        if separator and number in ("0", "2"):
            self._terminal.title = without_controls(title)[:LONGEST_TITLE]
