"""`xenconsole` of the demo dom0: a terminal attached to a guest's console.

Started as ``python -I -S xenconsole.py DIR DOMID [--num N] [--type TYPE] [--escape CHAR]
[--start-notify]``. It behaves as tools/console/client/main.c of Xen does: one client at a time by a lock
file, raw mode, the escape character only when it comes alone, end with the domain.
"""

import errno
import fcntl
import os
import select
import signal
import socket
import sys
import termios
import tty

ESCAPE = b"\x1d"


class Ended(Exception):  # noqa: N818 - not an error
    """A signal asks us to leave."""


def fail(message: str, status: int) -> int:
    os.write(2, f"xenconsole: {message}: {os.strerror(status)}\n".encode())
    return status


def connect(directory: str, words: list[str]) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    connection.connect(f"/proc/self/fd/{folder}/socket")
    os.close(folder)
    text = b"\0".join(os.fsencode(word) for word in ("xenconsole", "/", "1", *words))
    connection.sendall(len(text).to_bytes(4, "big") + text)
    return connection


def lock(directory: str, domid: str) -> tuple[int, str]:
    """Open and lock the console's lock file. Raises OSError (EWOULDBLOCK when somebody holds it)."""
    path = os.path.join(directory, "root/var/lock", f"xenconsole.{domid}")  # noqa: PTH118
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd, path


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def loop(connection: socket.socket, escape: bytes, interactive: bool) -> None:
    watched: list[int] = [connection.fileno()] + ([0] if interactive else [])
    while True:
        ready = select.select(watched, [], [])[0]
        if 0 in ready:
            typed = os.read(0, 60)
            if not typed or typed == escape:
                return
            connection.sendall(typed)
        if connection.fileno() in ready:
            said = connection.recv(512)
            if not said:
                return
            write_all(1, said)


def options(words: list[str]) -> tuple[str, dict[str, str]]:
    found = {"--escape": "\x1d", "--num": "0", "--type": ""}
    domid = ""
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("--interactive", "--start-notify"):
            found[word] = "1"
        elif word in found:
            found[word] = words.pop(0)
        else:
            domid = word
    return domid, found


def main() -> int:
    directory = sys.argv[1]
    domid, chosen = options(sys.argv[2:])
    escape = chosen["--escape"]
    escape_byte = bytes([ord(escape[1].upper()) & 0x1F]) if len(escape) == 2 else escape.encode()[:1]
    start = "1" if "--start-notify" in chosen else "0"
    try:
        connection = connect(directory, [domid, chosen["--num"], chosen["--type"], start])
        answer = connection.recv(1)
    except OSError as error:
        return fail("Could not contact XenStore", error.errno or errno.EIO)
    if answer == b"0":
        os.write(2, b"Can't specify Domain-0\n")
        return errno.EINVAL
    if answer != b"+":
        return fail("Could not read tty from store", errno.ENOENT)
    try:
        _fd, path = lock(directory, domid)
    except BlockingIOError:
        return fail(f"Could not lock /var/lock/xenconsole.{domid}", errno.EAGAIN)
    except OSError as error:
        return fail(f"Could not open /var/lock/xenconsole.{domid}", error.errno or errno.EIO)

    def leave(_number: int, _frame: object) -> None:
        raise Ended

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
    terminal = os.isatty(0) and os.isatty(1)
    before = termios.tcgetattr(0) if terminal else None
    try:
        if terminal:
            tty.setraw(0, termios.TCSAFLUSH)
        connection.sendall(b"!")  # now the backlog may come: nobody else reads it
        loop(connection, escape_byte, terminal or "--interactive" in chosen)
    except (Ended, OSError):
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if before is not None:
            try:  # noqa: SIM105 - contextlib takes longer to import
                termios.tcsetattr(0, termios.TCSAFLUSH, before)
            except termios.error:
                pass  # the terminal is gone
        try:  # noqa: SIM105
            os.unlink(path)  # noqa: PTH108
        except OSError:
            pass
    return 0


if __name__ == "__main__":
    os._exit(main())
