"""The programs `xl`, `xm`, `xentop` and `demo-control` of the demo dom0.

Started as ``python -I -S client.py DIR PROGRAM [ARGUMENT...]``; all they do is hand their arguments to
the daemon in DIR and pass on what it says. Frames from it: a kind (``o``ut, ``e``rror, ``s``tatus,
e``x``ec), four bytes of length, the content. To it: four bytes of length, then program, folder, whether
there is a terminal, and the arguments, separated by NUL.
"""

import os
import socket
import sys


def receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def connect(directory: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The path of a socket is short (107 bytes): reach it through the folder.
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    connection.connect(f"/proc/self/fd/{folder}/socket")
    os.close(folder)
    return connection


def request(program: str, arguments: list[str]) -> bytes:
    try:
        folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all of this to run
    except OSError:
        folder = "/"
    terminal = "1" if os.isatty(0) and os.isatty(1) else "0"
    text = b"\0".join(os.fsencode(part) for part in (program, folder, terminal, *arguments))
    return len(text).to_bytes(4, "big") + text


def unanswered(program: str, directory: str) -> int:
    write_all(2, os.fsencode(f"{program}: the demo dom0 in {directory} does not answer; its xentui has ended\n"))
    return 1


def main() -> int:
    directory, program, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    try:
        connection = connect(directory)
        connection.sendall(request(program, arguments))
    except OSError:
        return unanswered(program, directory)
    try:
        while True:
            head = receive(connection, 5)
            content = receive(connection, int.from_bytes(head[1:], "big"))
            kind = head[:1]
            if kind == b"o":
                write_all(1, content)
            elif kind == b"e":
                write_all(2, content)
            elif kind == b"x":
                connection.close()
                os.execv(content.split(b"\0")[0], content.split(b"\0"))  # noqa: S606
            else:
                return int(content)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
    except (OSError, EOFError):
        return unanswered(program, directory)


if __name__ == "__main__":
    os._exit(main())
