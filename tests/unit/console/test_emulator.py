"""What each control and escape sequence does to a small screen."""

from __future__ import annotations

import pytest

from tests.unit.console.conftest import Show
from xentui.console.attributes import Attributes
from xentui.console.emulator import Cursor, Damage, Emulator

ABCD = "aaa\r\nbbb\r\nccc\r\nddd"


def rows(emulator: Emulator) -> list[str]:
    return [row.rstrip() for row in emulator.display()]


# Each: what is fed to 10x4, the rows, the cursor.
SCREENS: dict[str, tuple[str, list[str], tuple[int, int]]] = {
    "text": ("hello\r\nworld", ["hello", "world", "", ""], (1, 5)),
    "a full row waits": ("0123456789", ["0123456789", "", "", ""], (0, 9)),
    "and then wraps": ("0123456789x", ["0123456789", "x", "", ""], (1, 1)),
    "waits through SGR": ("0123456789\x1b[1mx", ["0123456789", "x", "", ""], (1, 1)),
    "CR ends the wait": ("0123456789\rx", ["x123456789", "", "", ""], (0, 1)),
    "BS ends the wait": ("0123456789\bx", ["01234567x9", "", "", ""], (0, 9)),
    "CUB ends the wait": ("0123456789\x1b[Dx", ["01234567x9", "", "", ""], (0, 9)),
    "EL keeps a full row": ("0123456789\x1b[K", ["0123456789", "", "", ""], (0, 9)),
    "no autowrap": ("\x1b[?7l0123456789xyz", ["012345678z", "", "", ""], (0, 9)),
    "scrolling": (ABCD + "\r\neee", ["bbb", "ccc", "ddd", "eee"], (3, 3)),
    "LF keeps the column": ("ab\ncd", ["ab", "  cd", "", ""], (1, 4)),
    "VT and FF are LF": ("a\vb\fc", ["a", " b", "  c", ""], (2, 3)),
    "LNM": ("\x1b[20hab\ncd", ["ab", "cd", "", ""], (1, 2)),
    "CUP": ("\x1b[2;3Hx\x1b[Hy", ["y", "  x", "", ""], (0, 1)),
    "CUP is kept on the screen": ("\x1b[99;99Hx", ["", "", "", "         x"], (3, 9)),
    "HVP, VPA, CHA, HPA": ("\x1b[2;2fa\x1b[3db\x1b[5Gc\x1b[7`d", ["", " a", "  b c d", ""], (2, 7)),
    "CUU CUD CUF CUB": ("\x1b[3;5H\x1b[2Aa\x1b[Bb\x1b[2Cc\x1b[3Dd", ["    a", "     bd c", "", ""], (1, 7)),
    "CNL CPL": ("abc\x1b[2Ex\x1b[Fy", ["abc", "y", "x", ""], (1, 1)),
    "HPR VPR": ("\x1b[2ax\x1b[2ey", ["  x", "", "   y", ""], (2, 4)),
    "IND NEL RI": ("a\x1bDb\x1bEc\x1bMd", ["a", " d", "c", ""], (1, 2)),
    "RI at the top": ("aaa\x1b[H\x1bMb", ["b", "aaa", "", ""], (0, 1)),
    "ED below": (ABCD + "\x1b[2;2H\x1b[J", ["aaa", "b", "", ""], (1, 1)),
    "ED above": (ABCD + "\x1b[2;2H\x1b[1J", ["", "  b", "ccc", "ddd"], (1, 1)),
    "ED all": (ABCD + "\x1b[2J", ["", "", "", ""], (3, 3)),
    "EL right": ("abcde\x1b[3G\x1b[K", ["ab", "", "", ""], (0, 2)),
    "EL left": ("abcde\x1b[3G\x1b[1K", ["   de", "", "", ""], (0, 2)),
    "EL all": ("abcde\x1b[3G\x1b[2K", ["", "", "", ""], (0, 2)),
    "ECH": ("abcde\x1b[2G\x1b[2X", ["a  de", "", "", ""], (0, 1)),
    "ECH beyond the end": ("abcde\x1b[2G\x1b[99X", ["a", "", "", ""], (0, 1)),
    "ICH": ("abcdefghij\x1b[3G\x1b[2@", ["ab  cdefgh", "", "", ""], (0, 2)),
    "ICH of all": ("abc\r\x1b[99@", ["", "", "", ""], (0, 0)),
    "DCH": ("abcdefghij\x1b[3G\x1b[2P", ["abefghij", "", "", ""], (0, 2)),
    "DCH of all": ("abc\x1b[2G\x1b[99P", ["a", "", "", ""], (0, 1)),
    "IL": (ABCD + "\x1b[2;2H\x1b[2L", ["aaa", "", "", "bbb"], (1, 0)),
    "DL": (ABCD + "\x1b[2;2H\x1b[2M", ["aaa", "ddd", "", ""], (1, 0)),
    "IL outside the margins": (ABCD + "\x1b[2;3r\x1b[1;2H\x1b[L", ["aaa", "bbb", "ccc", "ddd"], (0, 1)),
    "SU": (ABCD + "\x1b[2S", ["ccc", "ddd", "", ""], (3, 3)),
    "SD": (ABCD + "\x1b[2T", ["", "", "aaa", "bbb"], (3, 3)),
    "SU in margins": (ABCD + "\x1b[2;3r\x1b[S", ["aaa", "ccc", "", "ddd"], (0, 0)),
    "LF at the bottom margin": (ABCD + "\x1b[2;3r\x1b[3;1H\nx", ["aaa", "ccc", "x", "ddd"], (2, 1)),
    "LF below the margins": (ABCD + "\x1b[1;2r\x1b[4;1H\nx", ["aaa", "bbb", "ccc", "xdd"], (3, 1)),
    "RI at the top margin": (ABCD + "\x1b[2;3r\x1b[2;1H\x1bMx", ["aaa", "x", "bbb", "ddd"], (1, 1)),
    "CUU stops at the margin": (ABCD + "\x1b[2;3r\x1b[3;1H\x1b[9Ax", ["aaa", "xbb", "ccc", "ddd"], (1, 1)),
    "CUU from above the margins": (ABCD + "\x1b[3;4r\x1b[2;1H\x1b[9Ax", ["xaa", "bbb", "ccc", "ddd"], (0, 1)),
    "one row is no region": (ABCD + "\x1b[2;2rx", ["aaa", "bbb", "ccc", "dddx"], (3, 4)),
    "DECOM": ("\x1b[2;3r\x1b[?6hx\x1b[9;1Hy", ["", "x", "y", ""], (2, 1)),
    "REP": ("ab\x1b[3b", ["abbbb", "", "", ""], (0, 5)),
    "REP without a character": ("\x1b[3bx", ["x", "", "", ""], (0, 1)),
    "REP is bounded": ("a\x1b[99999b", ["a" * 10, "a", "", ""], (1, 1)),
    "IRM": ("abc\r\x1b[4hxy\x1b[4l\x1b[4Gz", ["xyazc", "", "", ""], (0, 4)),
    "tabs": ("a\tb\tc", ["a       bc", "", "", ""], (0, 9)),
    "HTS and TBC": ("\x1b[3g\x1b[4G\x1bH\ra\tb\r\x1b[4G\x1b[g\ra\tc", ["a  b     c", "", "", ""], (0, 9)),
    "CHT CBT": ("\x1b[3g\x1b[3G\x1bH\x1b[6G\x1bH\r\x1b[2Ia\x1b[2Zb", ["  b  a", "", "", ""], (0, 3)),
    "DECSC DECRC": ("ab\x1b7\x1b[3;3Hx\x1b8y", ["aby", "", "  x", ""], (0, 3)),
    "DECRC without DECSC": ("abc\x1b8x", ["xbc", "", "", ""], (0, 1)),
    "SCOSC SCORC": ("ab\x1b[s\x1b[3;3Hx\x1b[uy", ["aby", "", "  x", ""], (0, 3)),
    "DECSC keeps sets": ("\x1b(0\x1b7\x1b(Bq\x1b8q", ["─", "", "", ""], (0, 1)),
    "DEC graphics": ("\x1b(0lqk\x1b(Bq", ["┌─┐q", "", "", ""], (0, 4)),
    "SO SI": ("\x1b)0\x0eq\x0fq", ["─q", "", "", ""], (0, 2)),
    "LS2 LS3": ("\x1b*0\x1b+A\x1bnq\x1bo#\x0f#", ["─£#", "", "", ""], (0, 3)),
    "SS2 takes one": ("\x1b*0\x1bNqq", ["─q", "", "", ""], (0, 2)),
    "SS3 before wide text": ("\x1b+0\x1bOq中", ["─中", "", "", ""], (0, 3)),
    "DECALN": ("\x1b#8", ["E" * 10] * 4, (0, 0)),
    "RIS": ("\x1b[2;3r\x1b[?6h\x1b(0abc\x1bcq", ["q", "", "", ""], (0, 1)),
    "DECSTR": ("\x1b[2;3r\x1b[4h\x1b(0\x1b[1mab\x1b[!pq", ["▒␉q", "", "", ""], (0, 3)),
    "wide": ("中文x", ["中文x", "", "", ""], (0, 5)),
    "wide does not fit": ("012345678中", ["012345678", "中", "", ""], (1, 2)),
    "wide fills the row": ("01234567中x", ["01234567中", "x", "", ""], (1, 1)),
    "over the left half": ("中x\ra", ["a x", "", "", ""], (0, 1)),
    "over the right half": ("中x\x1b[2Gb", [" bx", "", "", ""], (0, 2)),
    "combining": ("e\u0301x", ["e\u0301x", "", "", ""], (0, 2)),
    "combining on wide": ("中\u0301x", ["中\u0301x", "", "", ""], (0, 3)),
    "combining at the end": ("0123456789\u0301x", ["0123456789\u0301", "x", "", ""], (1, 1)),
    "combining on nothing": ("\u0301x", ["x", "", "", ""], (0, 1)),
    "no joiners, no overrides": ("a\u200db\u202ec\ufe0f", ["abc", "", "", ""], (0, 3)),
    "line separators": ("a\u2028b", ["a\ufffdb", "", "", ""], (0, 3)),
    "our own code points": ("a\U00100000b", ["a\ufffdb", "", "", ""], (0, 3)),
    "C1 in UTF-8": ("a\x85b\x9b3;3Hc\x84d\x8de", ["a", "b", "  c e", "   d"], (2, 5)),
    "DCS APC PM SOS": ("a\x1bPq#0;2;0\x1b\\b\x1b_x\x1b\\c\x1b^\x1b\\d\x1bXz\x1b\\e", ["abcde"] + [""] * 3, (0, 5)),
    "OSC 8 and 52": ("\x1b]8;;http://x\x1b\\link\x1b]8;;\a\x1b]52;c;QQ==\ax", ["linkx", "", "", ""], (0, 5)),
    "Linux' palette": ("\x1b]P1ff0000ab\x1b]Rc", ["abc", "", "", ""], (0, 3)),
    "BEL ends only OSC": ("\x1bPa\ab\x1b\\c\x1b]d\ae", ["ce", "", "", ""], (0, 2)),
    "CAN ends a string": ("\x1b]0;abc\x18d", ["d", "", "", ""], (0, 1)),
    "controls in a sequence": ("ab\x1b[\r2Cx", ["abx", "", "", ""], (0, 3)),
    "ESC in a sequence": ("\x1b[3\x1b[2;2Hx", ["", " x", "", ""], (1, 2)),
    "CAN in a sequence": ("\x1b[3\x18Hx", ["Hx", "", "", ""], (0, 2)),
    "unknown sequences": ("\x1b[1;2;3y\x1b[?99h\x1b%G\x1b[>1;2m\x1b[=1hx", ["x", "", "", ""], (0, 1)),
    "NUL and DEL": ("a\0b\x7fc", ["abc", "", "", ""], (0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", SCREENS)
def test_screen(show: Show, name: str) -> None:
    data, expected, cursor = SCREENS[name]
    emulator = show(data)
    assert rows(emulator) == expected
    assert emulator.cursor == Cursor(*cursor, True)


def test_attributes(show: Show) -> None:
    emulator = show("\x1b[1;3;4;31;44mab\x1b[22;24mc\x1b[0;7;38;5;200;48;2;1;2;3md\x1b[m e")
    assert emulator.runs(0) == [
        ("ab", Attributes(1, 4, bold=True, italic=True, underline=True)),
        ("c", Attributes(1, 4, italic=True)),
        ("d", Attributes(200, (1, 2, 3), reverse=True)),
        (" e    ", Attributes()),
    ]


def test_erased_cells_keep_the_background_only(show: Show) -> None:
    emulator = show("\x1b[1;4;31;44mab\x1b[K")
    assert emulator.runs(0) == [
        ("ab", Attributes(1, 4, bold=True, underline=True)),
        ("        ", Attributes(background=4)),
    ]


def test_a_cluster_and_a_wide_character_in_runs(show: Show) -> None:
    emulator = show("\x1b[31me\u0301中\x1b[mx")
    assert emulator.runs(0) == [("e\u0301中", Attributes(1)), ("x      ", Attributes())]


def test_invalid_bytes_are_replacement_characters(show: Show) -> None:
    assert rows(show(b"a\xffb\xc3(\xe4\xb8"))[0] == "a\ufffdb\ufffd("
    assert rows(show(b"\x9b31mx"))[0] == "\ufffd31mx", "a bare C1 byte is not valid UTF-8, so it is no control"


@pytest.mark.parametrize(
    ("data", "mode", "value"),
    [
        ("\x1b[?1h", "application_cursor", True),
        ("\x1b[?1h\x1b[?1l", "application_cursor", False),
        ("\x1b=", "application_keypad", True),
        ("\x1b=\x1b>", "application_keypad", False),
        ("\x1b[?66h", "application_keypad", True),
        ("\x1b[?2004h", "bracketed_paste", True),
        ("\x1b[?1004h", "focus_events", True),
        ("\x1b[?9h", "mouse", 9),
        ("\x1b[?1000;1006h", "mouse", 1000),
        ("\x1b[?1000;1006h", "mouse_sgr", True),
        ("\x1b[?1002h\x1b[?1003h", "mouse", 1003),
        ("\x1b[?1003h\x1b[?1003l", "mouse", 0),
        ("\x1b[?1049h", "alternate_screen", True),
        ("\x1b[?5h", "reverse_screen", True),
        ("\x1b[20h", "newline_mode", True),
        ("\x1b[?25l", "cursor_visible", False),
        ("\x1b[?7l\x1b[?25l\x1b[!p", "autowrap", True),
        ("\x1b[?1;2004;1003;1049h\x1bc", "bracketed_paste", False),
        ("\x1b[?1;2004;1003;1049h\x1bc", "alternate_screen", False),
    ],
)
def test_modes(show: Show, data: str, mode: str, value: object) -> None:
    assert getattr(show(data).modes, mode) == value


def test_the_alternate_screen(show: Show) -> None:
    emulator = show("main\x1b[?1049h\x1b[2;2Halt\r\n\r\n\r\n\r\n\r\n")
    assert emulator.scrollback_size == 0, "the alternate screen has no scrollback"
    emulator.feed(b"\x1b[?1049l!")
    assert rows(emulator) == ["main!", "", "", ""]
    emulator.feed(b"\x1b[?1049h")
    assert rows(emulator) == [""] * 4, "1049 clears on entering"
    emulator.feed(b"x\x1b[?47l\x1b[?47h")
    assert rows(emulator) == ["     x", "", "", ""], "47 only switches"
    emulator.feed(b"\x1b[?1047l\x1b[?47h")
    assert rows(emulator) == [""] * 4, "1047 clears on leaving"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("\x1b[c", b"\x1b[?62;22c"),
        ("\x1b[0c", b"\x1b[?62;22c"),
        ("\x1bZ", b"\x1b[?62;22c"),
        ("\x1b[>c", b"\x1b[>1;10;0c"),
        ("\x1b[5n", b"\x1b[0n"),
        ("\x1b[2;3H\x1b[6n", b"\x1b[2;3R"),
        ("0123456789\x1b[6n", b"\x1b[1;10R"),
        ("\x1b[2;3r\x1b[?6h\x1b[6n", b"\x1b[1;1R"),
        ("\x1b[?2004$p", b"\x1b[?2004;2$y"),
        ("\x1b[?2004h\x1b[?2004$p", b"\x1b[?2004;1$y"),
        ("\x1b[?4242$p", b"\x1b[?4242;0$y"),
        ("\x1b[4h\x1b[4$p", b"\x1b[4;1$y"),
        # Nothing by which a guest could have its own words typed:
        ("\x1b]0;evil\a\x1b[21t\x1b[20t", b""),
        ("\x1bP$qm\x1b\\\x1bP+q544e\x1b\\", b""),
        ("\x05", b""),
        ("\x1b[18t\x1b[14t\x1b[x\x1b[=c\x1b]4;1;?\a\x1b]10;?\a\x1b]52;c;?\a\x1b[?u", b""),
    ],
)
def test_answers(query: str, answer: bytes) -> None:
    said: list[bytes] = []
    emulator = Emulator(10, 4, reply=said.append)
    emulator.feed(query.encode())
    assert b"".join(said) == answer


def test_titles(show: Show) -> None:
    assert show("\x1b]0;one\a").title == "one"
    assert show("\x1b]2;two; three\x1b\\").title == "two; three"
    assert show("\x1b]1;icon\a\x1b]7;file://x\a").title == ""
    assert show("\x1b]2;a\nb\x01c\u202ed\u2028\a").title == "abcd"
    assert show("\x1b]2;" + "x" * 100_000 + "\a").title == "x" * 256
    assert show("\x1b]2;gone\a\x1bc").title == ""


def test_bells_are_counted(show: Show) -> None:
    assert show("\a\a\x1b]0;not this one\a").bells == 2


def test_an_unfinished_string_is_known(show: Show) -> None:
    emulator = show("\x1b]0;swallowing")
    assert emulator.in_string
    emulator.reset()
    emulator.feed(b"shown")
    assert not emulator.in_string
    assert rows(emulator)[0] == "shown"


def test_damage(show: Show) -> None:
    emulator = show("")
    assert emulator.take_damage().everything
    assert emulator.take_damage() == Damage(frozenset(), False, 0)
    emulator.feed(b"a\x1b[3;1Hb")
    assert emulator.take_damage() == Damage(frozenset({0, 2}), False, 0)
    emulator.feed(b"\x1b[2;3r\x1b[3;1H\n")
    assert emulator.take_damage() == Damage(frozenset({1, 2}), False, 0)
    emulator.feed(b"\x1b[r\x1b[4;1H\n\n")
    assert emulator.take_damage() == Damage(frozenset(), True, 2)
    emulator.feed(b"\x1b[?5h")
    assert emulator.take_damage().everything


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Emulator(0, 24)
    with pytest.raises(ValueError, match="at least 1"):
        Emulator().resize(80, 0)


def test_a_change_of_columns_clears_the_screen_only_for_who_asked_for_it(show: Show) -> None:
    assert show("text\x1b[?3l").display()[0].rstrip() == "text"
    emulator = show("text\x1b[2;3r\x1b[?40h\x1b[?3hx")
    assert [row.rstrip() for row in emulator.display()] == ["x", "", "", ""]
    assert emulator.columns == 10
    assert emulator.scrollback_text(0) == "text"
