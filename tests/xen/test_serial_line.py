"""xentui on a real tty of the dom0, over QEMU's serial ports: the screen that arrives is the one that was meant.

Bytes that the port sends go to an emulator of ours; the program writes what it meant on request (serial_meant.py). What
a cut line is, depends on it. The 16550A of /dev/ttyS1 is wired as most are: nothing says that the cable is gone, bytes
are lost, and Ctrl+L is the cure. The USB adapter of /dev/ttyUSB0 goes away with its cable: the kernel hangs up, xentui
must end, and getty asks again when it is back.
"""

from __future__ import annotations

import contextlib
import select
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livemachine import Dom0, LiveMachine

from xentui.console.emulator import Emulator
from xentui.host import HostError

HERE = Path(__file__).parent
DRIVER = HERE.parent / "terminal" / "driver"
sys.path.insert(0, str(DRIVER))

from driver_cells import cells  # noqa: E402

FOLDER = "/root/serial-line"
PASSWORD = "live"  # of root, set for this test
#: Seconds; all is emulated. xentui's first start reads it from the medium.
OPENS, ANSWERS, QUIET = 180, 60, 1.0
ESCAPE, LEADER, REDRAW, HOME, DOWN, UP, PAGE_DOWN, F5 = (
    b"\x1b",
    b"\x1d",
    b"\x0c",
    b"\x1b[1~",
    b"\x1b[B",
    b"\x1b[A",
    b"\x1b[6~",
    b"\x1b[15~",
)
NOISE = (b"\xff", b"\x00\x00", b"\xe9\x80", b"\x1b[99", b"\x1bO", b"\xc3", b"\x1b]0;noise")


class Line:
    """The far end of a serial cable, with a terminal of ours."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self.reconnect()

    def reconnect(self) -> None:
        """Plug the cable in, with a terminal that has just been switched on."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self._path))
        self.terminal = Emulator(80, 24, scrollback=0, reply=self.type)

    def cut(self) -> None:
        self._socket.close()

    def type(self, data: bytes) -> None:
        self._socket.sendall(data)

    def pump(self, seconds: float) -> bool:
        """Read what comes within so long; whether anything came."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return False
        self.terminal.feed(self._socket.recv(65536))
        return True

    def quiet(self) -> None:
        """Read on until nothing comes."""
        while self.pump(QUIET):
            pass

    def see(self, text: str, deadline: float = ANSWERS) -> None:
        end = time.monotonic() + deadline
        while not any(text in line for line in self.terminal.display()):
            if time.monotonic() > end:
                raise AssertionError(f"{text!r}: not within {deadline:g} s:\n{self.text()}")
            self.pump(0.5)

    def text(self) -> str:
        return "\n".join(self.terminal.display())


class Session:
    """Logged in on a line, xentui open on it."""

    def __init__(self, line: Line, dom0: Dom0, term: str) -> None:
        self.line, self.dom0, self.term = line, dom0, term
        self._asked = 0

    def log_in(self) -> None:
        """From getty's prompt to xentui's table, as a person does it."""
        line = self.line
        line.see("login: ")
        line.type(b"root\r")
        line.see("Password: ")
        line.type(PASSWORD.encode() + b"\r")
        line.see("# ")
        self.dom0.run(["sh", "-c", f"rm -f {FOLDER}/pid {FOLDER}/meant.*"])
        self._asked = 0
        surroundings = f"TERM={self.term} LANG=C.UTF-8 XDG_CONFIG_HOME={FOLDER}/config"
        program = f"/opt/xentui/bin/python {FOLDER}/serial_meant.py {FOLDER}"
        line.type(f"clear; stty -g >{FOLDER}/before; {surroundings} {program}; stty -g >{FOLDER}/after\r".encode())
        line.see("guests up", OPENS)

    def compare(self) -> None:
        """The screen that arrived is the one that was meant, colours and all."""
        self._asked += 1
        self.dom0.run(["sh", "-c", f"kill -USR1 $(cat {FOLDER}/pid)"])
        meant = Emulator(80, 24, scrollback=0)
        meant.feed(self._read(f"{FOLDER}/meant.{self._asked}"))
        end = time.monotonic() + ANSWERS
        while cells(meant) != cells(self.line.terminal):
            shown = "\n".join(meant.display())
            assert time.monotonic() < end, f"meant:\n{shown}\narrived:\n{self.line.text()}"
            self.line.pump(0.5)

    def _read(self, path: str) -> bytes:
        found: list[bytes] = []

        def read() -> bool:
            self.line.pump(0.2)
            with contextlib.suppress(HostError):
                found.append(self.dom0.host.read(path))
            return bool(found)

        self.dom0.wait(path, read, ANSWERS)
        return found[0]

    def press(self, keys: bytes, sees: str) -> None:
        self.line.type(keys)
        self.line.see(sees)
        self.line.quiet()

    def work(self) -> None:
        """A page, details, a danger looked at and left, a console, the table read again; compared on the way."""
        self.press(HOME + b"?" + PAGE_DOWN, "all keys")
        self.compare()
        self.press(ESCAPE, "guests up")
        self.press(DOWN + b"\r", "Overview")
        self.compare()
        self.press(ESCAPE, "guests up")
        self.press(b"K", "Destroy client01")
        self.compare()
        self.press(ESCAPE, "guests up")
        self.press(b"c", "detach")
        self.press(b"\r", "client01 login:")
        self.compare()
        self.press(LEADER + b"d", "q Quit")
        self.press(UP + F5, "guests up")
        self.compare()

    def noise(self) -> None:
        """Bytes that are no keys come in between; nothing happens but what the keys say."""
        for bad in NOISE:
            self.line.type(bad)
            self.line.quiet()  # or the next key would complete a sequence
            self.line.type(DOWN if NOISE.index(bad) % 2 else UP)
        self.line.quiet()
        assert "guests up" in self.line.text()
        self.compare()
        # And on the way to the terminal: what stands there is wrong until Ctrl+L.
        self.line.terminal.feed(b"\x1b[3;9r\x1b[7mhvm.c:1234: a word of the kernel's\xff\x1b[20;70H\x0e~~~~~")
        self.press(REDRAW, "guests up")
        self.compare()

    def flow_control(self) -> None:
        """XOFF stops what is sent, XON lets it go on."""
        self.line.type(b"\x13")
        self.line.quiet()
        self.line.type(b"?")
        assert not self.line.pump(3)
        self.line.type(b"\x11")
        self.line.see("all keys")
        self.press(ESCAPE, "guests up")

    def leave(self) -> None:
        """q gives the shell its terminal back."""
        self.line.type(b"q")
        self.line.see("# ")
        assert self._read(f"{FOLDER}/after") == self._read(f"{FOLDER}/before")
        self.line.type(b"exit\r")
        self.line.see("login: ")


@pytest.fixture(scope="module")
def ready(dom0: Dom0) -> Dom0:
    """The dom0 with what is needed in it."""
    for file in (HERE / "serial_meant.py", DRIVER / "driver_cells.py"):
        dom0.copy(file, FOLDER)
    wants = "/run/systemd/system/dev-ttyUSB0.device.wants"
    getty = "/usr/lib/systemd/system/serial-getty@.service"
    settings = f"{FOLDER}/config/xentui"
    dom0.run([
        "sh", "-ec",
        # Read again only when told to: a screen that changes by itself cannot be compared.
        f"mkdir -p {settings} {wants}; echo 'refresh = 3600' >{settings}/settings.toml;"
        f" echo {shlex.quote(f'root:{PASSWORD}')} | chpasswd;"
        f" ln -sf {getty} {wants}/serial-getty@ttyUSB0.service; systemctl daemon-reload;"
        " systemctl start serial-getty@ttyS1",
    ])  # fmt: skip
    dom0.wait("client01", lambda: "client01" in dom0.running(), deadline=480)
    return dom0


@pytest.fixture
def uart(machine: LiveMachine) -> Iterator[Line]:
    line = Line(machine.lines / "uart")
    line.type(b"\r")
    yield line
    line.cut()


def test_a_16550a_with_noise_and_a_cable_that_is_pulled(uart: Line, ready: Dom0) -> None:
    session = Session(uart, ready, "vt220")
    session.log_in()
    session.compare()
    session.work()
    session.noise()
    session.flow_control()
    # Pulled while the screen changes, and plugged in again with another terminal: what came between is lost.
    uart.type(b"?")
    assert uart.pump(ANSWERS)  # the beginning of it
    uart.cut()
    uart.reconnect()
    uart.quiet()
    session.press(REDRAW, "all keys")
    session.compare()
    session.press(ESCAPE, "guests up")
    session.compare()
    session.leave()


def test_a_usb_adapter_that_is_pulled_ends_xentui_and_brings_getty_again(machine: LiveMachine, ready: Dom0) -> None:
    line = Line(machine.lines / "cable")
    session = Session(line, ready, "linux")
    session.log_in()
    session.compare()
    session.work()
    pid = ready.run(["cat", f"{FOLDER}/pid"]).stdout
    line.cut()
    ready.wait("xentui's end", lambda: not ready.run(["test", "-e", f"/proc/{pid}"], check=False).ok, ANSWERS)
    ready.wait("the adapter's end", lambda: not ready.run(["test", "-e", "/dev/ttyUSB0"], check=False).ok, ANSWERS)
    assert not ready.run(["pgrep", "-x", "xenconsole"], check=False).ok
    line.reconnect()
    session.log_in()
    session.compare()
    session.leave()
    line.cut()


@pytest.mark.extra
@pytest.mark.parametrize("term", ["vt220", "linux"])
def test_ten_minutes_of_work(uart: Line, ready: Dom0, term: str) -> None:
    """Three hundred readings, as ten minutes have, with the cursor moving, pages opened and noise all along."""
    session = Session(uart, ready, term)
    session.log_in()
    for reading in range(300):
        uart.type(F5 + (UP if reading % 4 < 2 else DOWN))
        if reading % 10 == 5:
            uart.type(NOISE[reading // 10 % len(NOISE)])
        while uart.pump(0.4):
            pass
        if reading % 30 == 29:
            uart.quiet()
            session.compare()
            session.work()
    session.noise()
    session.leave()
