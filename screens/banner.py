"""Letters three lines high, for what is to be read from the back of a room."""

from __future__ import annotations

import unicodedata

#: Five rows of three dots for each letter, as octal digits.
_FONT = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644", "G": "34553", "H": "55755",
    "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555", "O": "25552", "P": "65644",
    "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775", "X": "55255",
    "Y": "55222", "Z": "71247", "0": "75557", "1": "26227", "2": "61247", "3": "61216", "4": "55711", "5": "74616",
    "6": "34652", "7": "71222", "8": "25252", "9": "25316", ".": "00002", ",": "00024", "-": "00700", "_": "00007",
    "/": "11244", ":": "02020", "'": "22000", "!": "22202", "?": "61202", "(": "12221", ")": "42224", "+": "02720",
    "=": "07070", " ": "00000",
}  # fmt: skip
_WIDE = 4  # a letter and the gap after it
_HALVES = (" ", "▀", "▄", "█")


def banner(text: str, width: int) -> list[str]:
    """`text` in large letters, broken at blanks into lines of at most `width` cells; empty where a word is too long,
    or has letters that there are none of."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    words = plain.split()
    most = width // _WIDE
    if not words or any(len(word) > most for word in words) or any(char not in _FONT for char in "".join(words)):
        return []
    rows: list[str] = []
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > most:
            rows += [*_drawn(line), ""]
            line = ""
        line = f"{line} {word}".strip()
    return [*rows, *_drawn(line)]


def _drawn(line: str) -> list[str]:
    """Two rows of dots make one line; the sixth row is empty."""
    dots = [[int(_FONT[char][row]) if row < 5 else 0 for char in line] for row in range(6)]
    return [
        "".join(_pair(upper, lower) + " " for upper, lower in zip(dots[row], dots[row + 1], strict=True)).rstrip()
        for row in (0, 2, 4)
    ]


def _pair(upper: int, lower: int) -> str:
    return "".join(_HALVES[bool(upper & bit) + 2 * bool(lower & bit)] for bit in (4, 2, 1))
