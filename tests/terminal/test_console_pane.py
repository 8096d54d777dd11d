"""From the bytes of the user's keyboard to the guest, through the lean driver, Textual, the pane and the client."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pexpect
import pytest
from programs import DEADLINE, ended, put_an_end_to

APP = Path(__file__).with_name("console_app.py")


class Keyboard:
    """A terminal that shows the pane; `got` is what the guest has read."""

    def __init__(self, folder: Path, until: Callable[..., None], *words: str) -> None:
        self.out = folder / "guest.out"
        self.until = until
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "ESCDELAY": "30"}
        self.child: Any = pexpect.spawn(
            sys.executable, [str(APP), str(folder), *words], env=environment, dimensions=(25, 80), timeout=DEADLINE
        )
        self.child.delaybeforesend = None
        self.see(b"ready")

    def see(self, words: bytes) -> None:
        """Wait until the guest has printed this; keep the screen's bytes flowing."""

        def printed() -> bool:
            with suppress(pexpect.TIMEOUT):
                self.child.read_nonblocking(65536, timeout=0)
            return self.out.exists() and words in self.out.read_bytes().replace(b"][", b"")

        self.until(printed, f"{words!r} printed by the guest")

    def types(self, keys: bytes, echo: bytes | None = None) -> None:
        self.child.send(keys)
        self.see(keys if echo is None else echo)


@pytest.fixture
def keyboard(tmp_path: Path, until: Callable[..., None]) -> Iterator[Callable[..., Keyboard]]:
    opened: list[Keyboard] = []

    def start(*words: str) -> Keyboard:
        opened.append(Keyboard(tmp_path, until, *words))
        return opened[-1]

    yield start
    for made in opened:
        put_an_end_to(made.child)


def test_every_key_reaches_the_guest(keyboard: Callable[..., Keyboard]) -> None:
    terminal = keyboard()
    for keys, echo in [
        ("plain äöüß éèçà €µ@[]{}\\|~^°§".encode(), None),
        (b"\x0c1", b"\x0c1"),  # ctrl+l is the guest's, not the driver's
        (b"\x01\x02\x11\x13\x1a2", None),  # ctrl+a b q s z: flow control and signals of the user's terminal too
        (b"\x1b.", b"^[."),
        (b"\x1bb", b"^[b"),
        (b"\x1b[A\x1b[1;5D\x1b[3~\x1b[Z", b"^[[A^[[1;5D^[[3~^[[Z"),
        (b"\x1bOP\x1b[15~\x1b[24~", b"^[OP^[[15~^[[24~"),
        (b"\x1b[200~two\nlines\x1b[201~", b"two^Mlines"),
        (b"\t\r", b"\t^M"),
    ]:
        terminal.types(keys, echo)


def test_a_fast_typist_loses_nothing(keyboard: Callable[..., Keyboard]) -> None:
    terminal = keyboard()
    words = " ".join(f"word{number}" for number in range(400))
    for start in range(0, len(words), 40):
        terminal.child.send(words[start : start + 40].encode())
    terminal.see(words.encode())


def test_keys_go_out_while_the_guest_floods(keyboard: Callable[..., Keyboard]) -> None:
    terminal = keyboard()
    terminal.types(b"flood 300000\r", b"line 100 ")
    terminal.types(b"Q", b"[Q]")
    terminal.see(b"flood ends")
    printed = terminal.out.read_bytes()
    assert printed.index(b"[Q]") < printed.index(b"flood ends")


@pytest.mark.parametrize(
    ("leader", "bytes_of_it"), [("ctrl+right_square_bracket", b"\x1d"), ("ctrl+b", b"\x02"), ("f11", b"\x1b[23~")]
)
def test_any_key_can_be_the_leader(keyboard: Callable[..., Keyboard], leader: str, bytes_of_it: bytes) -> None:
    terminal = keyboard(leader)
    terminal.child.send(bytes_of_it + bytes_of_it)  # itself
    terminal.types(b"x", bytes_of_it.replace(b"\x1b", b"^[") + b"x")
    terminal.child.send(bytes_of_it + b"d")
    assert ended(terminal.child) == 0


def test_a_literal_escape_does_not_detach(keyboard: Callable[..., Keyboard]) -> None:
    terminal = keyboard("f11")
    terminal.child.send(b"\x1b[23~e")
    terminal.types(b"x", b"\x1dx")
    terminal.child.send(b"\x1d")
    terminal.types(b"y", b"\x1dy")
