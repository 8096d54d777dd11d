# ruff: noqa: E501 (the table)
"""Records what real programs print on a terminal of 80x24, for the tests next door. Needs root and the programs.

    python3 record.py [NAME...]

Each program runs alone in its own namespaces, on a host called `guest`, so that a recording says nothing about
the machine it was made on. It gets its keys one at a time, each when it has been quiet for a while.

Two recordings are from elsewhere: `xen-boot` is the serial line of the Live CD in QEMU (GRUB, Xen, systemd, a
login), and `debian-installer` that of Debian 12's text installer in QEMU (package debian-installer-12-netboot-amd64,
console=ttyS0).
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
from pathlib import Path

HERE = Path(__file__).parent
QUIET = 0.7
"""Seconds without output after which a program waits for a key."""
TEXT = "/usr/share/common-licenses/GPL-2"

ANSWERS = [
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b[0c", b"\x1b[?62;22c"),
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[5n", b"\x1b[0n"),
]

STREAMS: dict[str, tuple[str, str, list[str]]] = {
    # name: (TERM, command, keys)
    "vim": (
        "xterm-256color",
        f"cp {TEXT} text; vim -N -u NONE -c 'set ruler hls list' -c 'syntax on' text",
        ["/GNU\r", "\x06", "\x06", "dd", "5dd", "u", "Onew line \u4e2d\u6587 e\u0301\x1b", "yyp", ":split\r",
         "\x17w", "\x04", ":vsplit\r", "G", "gg", "20\x05", "ihello\x1b", "zt", "\x19", ":only\r", "10j", "O\x1b", "D"],
    ),
    "vim-vt220": ("vt220", f"cp {TEXT} text; vim -N -u NONE text",
                  ["\x06", "\x02", "5dd", "u", "Ox\x1b", "G", "20\x19", "3\x05", "ihello\x1b", "xxx"]),
    "vim-linux": ("linux", f"cp {TEXT} text; vim -N -u NONE -c 'syntax on' -c 'set number' text",
                  ["\x06", "\x02", "5dd", "u", "Ox\x1b", "G", "3\x05", ":q!\r"]),
    "nano": ("xterm-256color", f"cp {TEXT} text; nano text",
             ["\x16", "hello \u00e9\u4e2d", "\x0b", "\x0b", "\x15", "\x17license\r", "\x1b6", "\x19", "\x0f"]),
    "nano-linux": ("linux", f"cp {TEXT} text; nano -l text", ["\x16", "hello", "\x0b", "\x16", "\x16", "\x18", "n"]),
    "less": ("xterm", f"less -M {TEXT}", [" ", " ", "b", "/copy\r", "n", "n", "k", "k", "10j", "G", "g", "30p"]),
    "less-vt220": ("vt220", f"less {TEXT}", [" ", "b", "j", "j", "k", "k", "G", "/free\r", "q"]),
    "htop": ("xterm-256color", "sleep 1000 & sleep 1001 & htop -d 5", ["\x1b[B", "\x1b[B", "t", "\x1bOQ", "\x1b"]),
    "htop-linux": ("linux", "sleep 1000 & htop -d 5", ["\x1b[B", "h", " ", "/sl", "\r"]),
    "top": ("vt220", "sleep 1000 & top -d 1", ["1", "c", "h", "q"]),
    "mc": ("xterm-256color", "cd /usr/share/common-licenses; mc -u",
           ["\x1b[B", "\x1b[B", "\t", "\x1b[6~", "\x1b3", "\x1b[6~", "\x1b0", "\x1b9", "\x1b[B", "\x1b[C", "\x1b\x1b", "ls\r"]),
    "mc-linux": ("linux", "cd /usr/share/common-licenses; mc -u -a", ["\x1b[B", "\t", "\x1b9", "\x1b[B", "\x1b\x1b"]),
    "dialog": ("xterm", "dialog --title Disks --checklist 'Choose \u00e9 \u4e2d' 15 50 5 1 one on 2 two off 3 three off; "
               "for i in 10 40 80 100; do echo $i; sleep 0.1; done | dialog --gauge Copying 8 40; "
               f"dialog --textbox {TEXT} 20 70", ["\x1b[B", " ", "\r", "", "\x1b[6~", "\x1b[B", "\x1b[B"]),
    "dialog-vt220": ("vt220", "dialog --calendar Date 3 40 1 1 2020; dialog --fselect /usr/share/common-licenses/ 10 50",
                     ["\t", "\x1b[B", "\x1b[C", "\r", "\t", "\x1b[B"]),
    "whiptail": ("linux", "whiptail --title Setup --menu 'Pick one' 15 60 5 a alpha b beta c gamma; "
                 "whiptail --inputbox Name 10 40; whiptail --yesno 'Sure?' 8 30",
                 ["\x1b[B", "\x1b[B", "\r", "server01", "\r", "\t"]),
    "apt": ("xterm-256color", "apt-get -o Dpkg::Progress-Fancy=1 -o APT::Color=1 -o Dir::Etc::sourceparts=/dev/null install --reinstall -y "
            "/var/cache/apt/archives/nano_*.deb /var/cache/apt/archives/whiptail_*.deb", [""] * 8),
    "shell": ("linux", "PS1='\\[\\e]0;\\u@\\h\\a\\e[01;32m\\]\\u@\\h\\[\\e[0m\\]:\\w# ' bash --norc -i",
              ["ls --color=always /usr\r", "echo a very long line $(seq 1 60)\r", "\x1b[A", "\x01", "\x1bd", "\x0b", "\x15",
               "seq 1 40\r", "clear\r", "echo -e 'a\\tb\\vc\\bd'\r", "tput smacs; echo lqqk; tput rmacs\r", "\x12se", "\x07"]),
    "progress": ("xterm", "for i in $(seq 0 20); do printf '\\r[%-40s] %3d%%' \"$(printf '%*s' $((i*2)) | tr ' ' '#')\" "
                 "$((i*5)); done; echo; dmesg 2>/dev/null | head -0; "
                 f"grep --color=always -n free {TEXT} | head -40", []),
    "vttest-screen": ("vt220", "vttest", ["2\r", *["\r"] * 20]),
    "vttest-charsets": ("vt220", "vttest", ["3\r", "8\r", "\r", "0\r"]),
    "vttest-vt102": ("vt220", "vttest", ["8\r", *["\r"] * 24]),
    "vttest": ("vt220", "vttest", ["1\r", *["\r"] * 8, "2\r", *["\r"] * 16, "3\r", "0\r", "8\r", *["\r"] * 10, "11\r", "0\r"]),
}  # fmt: skip


def record(name: str, directory: Path) -> bytes:
    """Run a stream's program and give all it printed."""
    term, command, keys = STREAMS[name]
    script = f"hostname guest; mount -t proc proc /proc; cd {directory}; rm -rf *; {command}"
    pid, fd = pty.fork()
    if pid == 0:
        environment = {"TERM": term, "PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8",
                       "SHELL": "/bin/bash", "USER": "root", "DEBIAN_FRONTEND": "readline"}  # fmt: skip
        os.execvpe("unshare", ["unshare", "-p", "-f", "-m", "-u", "--kill-child", "bash", "-c", script], environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    printed = bytearray()
    for key in [*keys, None]:
        alive = _read(fd, printed)
        if not alive or key is None:
            break
        while alive and (answer := next((a for query, a in ANSWERS if printed.endswith(query)), None)):
            os.write(fd, answer)
            alive = _read(fd, printed)
        os.write(fd, key.encode())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return bytes(printed)


def _read(fd: int, printed: bytearray) -> bool:
    """Read until the program is quiet; False when it ended."""
    for _ in range(200):
        if not select.select([fd], [], [], QUIET)[0]:
            return True
        try:
            data = os.read(fd, 65536)
        except OSError:
            return False
        if not data:
            return False
        printed += data
        if len(printed) > 25_000:
            return False
    return True


def main() -> None:
    for name in sys.argv[1:] or STREAMS:
        directory = Path(tempfile.mkdtemp(prefix="home"))
        data = record(name, directory)
        data = data.replace(str(directory).encode(), b"/root".ljust(len(str(directory)), b"x"))
        shutil.rmtree(directory)
        (HERE / f"{name}.bin").write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
