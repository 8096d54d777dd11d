"""A guest on a console client's raw terminal: keeps what it reads in FOLDER/ID, and answers each byte by itself.

Usage: reflex_guest.py FOLDER console ID. Letters and digits are echoed; other characters change what an editor changes.
"""

import os
import sys
import tty
from pathlib import Path

ANSWERS = {
    b"\r": b"\r\n",
    b"!": b"\x1b[1;7m!",
    b"%": b"\x1b[m",
    b"#": b"\x1b[5;10H",
    b"&": "表é".encode(),
    b"*": b"\x1b[?25l",
    b"(": b"\x1b[?25h",
    b"+": b"\x1b[4h",
    b"-": b"\x1b[4l",
    b"$": b"\x1b(0",
    b"/": b"\x1b(B",
    b"<": b"\b\b",
    b">": b"\x1b[?5h",
    b"_": b"\x1b[?5l",
    b"@": b"\x1b[8m",
    b"?": b"",
    b"\x1d": b"",
}


def answer(key: bytes) -> bytes:
    return ANSWERS.get(key, key)


def main() -> None:
    folder, _, number = sys.argv[1:]
    tty.setraw(0)
    os.write(1, b"ready\r\n")
    with Path(folder, number).open("ab", buffering=0) as kept:
        while data := os.read(0, 60):
            kept.write(data)
            for code in data:
                os.write(1, answer(bytes([code])))


if __name__ == "__main__":
    main()
