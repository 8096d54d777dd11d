"""Stands for `xenconsole`, as tools/console/client/main.c behaves: lock, raw mode, lone ^], reads of 60 bytes.

Usage: fake_xenconsole.py LOCK [WORD...]. The words make it worse: `deaf` never reads its input, `stubborn`
ignores ^], `immortal` ignores SIGTERM, `notty` and `gone` end as the real one does then, `status=N` ends with N,
`backlog=TEXT` is printed first. What is typed comes back in brackets, one pair for each read; lines that are
commands do something: `flood N` prints N numbered lines, `query` asks for the cursor's place, `bye` ends.
"""

import codecs
import fcntl
import os
import select
import signal
import sys
import termios
import time
import tty


def main() -> int:
    lock_path, words = sys.argv[1], sys.argv[2:]
    if "notty" in words:
        os.write(2, b"xenconsole: Could not read tty from store: No such file or directory\r\n")
        return 2
    if "gone" in words:
        os.write(2, b"server01 is an invalid domain identifier (rc=-6)\r\n")
        return 1
    lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.write(2, f"xenconsole: Could not lock {lock_path}: Resource temporarily unavailable\r\n".encode())
        return 11
    if "immortal" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    tty.setraw(0, termios.TCSANOW)
    for word in words:
        if word.startswith("backlog="):
            os.write(1, codecs.decode(word[8:], "unicode_escape").encode())
        if word.startswith("status="):
            return int(word[7:])
    os.write(1, b"ready\r\n")
    if "deaf" in words:
        while True:
            time.sleep(60)
    line = b""
    while True:
        typed = os.read(0, 60)
        if typed == b"\x1d" and "stubborn" not in words:
            return 0
        os.write(1, b"[" + typed.replace(b"\x1b", b"^[").replace(b"\r", b"^M") + b"]")
        line += typed
        if line.endswith(b"\r"):
            command, line = line[:-1].split(), b""
            if command[:1] == [b"flood"]:
                for number in range(int(command[1])):
                    os.write(1, b"line %d of a flood\r\n" % number)
                    if number % 100 == 0 and select.select([0], [], [], 0)[0]:
                        typed = os.read(0, 60)
                        if typed == b"\x1d" and "stubborn" not in words:
                            return 0
                        os.write(1, b"[" + typed + b"]")
                os.write(1, b"flood ends\r\n")
            elif command == [b"query"]:
                os.write(1, b"\x1b[6n")
            elif command == [b"bye"]:
                return 0


if __name__ == "__main__":
    code = main()
    os._exit(code)
