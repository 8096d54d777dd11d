"""A real Xen for the tests: the Live CD, built with an ssh key of ours, booted once in QEMU."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte

from xentui.host import HostError, SshHost
from xentui.livecd.build import build
from xentui.livecd.qemu import CPU_LIBVIRT, MEMORY_MIB, Machine
from xentui.livecd.recipe import Recipe, default_cache
from xentui.subprocesses import CommandError, CommandRecord
from xentui.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "build" / "test-xen"

#: Seconds. Emulated on two shared cores; a boot was measured at about two minutes.
MENU_DEADLINE = 120.0
BOOT_DEADLINE = 480.0
NETWORK_DEADLINE = 1200.0  # GRUB fetches kernel and initrd by TFTP: emulated, and beside other work, for minutes
SSH_DEADLINE = 180.0
COMMAND_DEADLINE = 120.0
#: Stopped where it is not tested. Asked by xentui each time, it starts and ends each time: half a minute of an emulated
#: machine.
LIBVIRT = ("libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket", "libvirtd.service")


def ssh_key() -> Path:
    """The private key that the test ISO lets in, made once; beside it the public one, ``.pub``."""
    key = FOLDER / "key"
    if not key.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "xentui tests", "-f", str(key)],
            check=True,
            timeout=60,
        )
    return key


def live_iso(name: str = "xentui-live-test", **wishes: Any) -> Path:
    """The test ISO, built when xentui or the recipe changed since the last time; `wishes` are a recipe's own."""
    iso, stamp = FOLDER / f"{name}.iso", FOLDER / f"{name}.inputs"
    # Guests without disks: emulated, Xen's hotplug script for one can take longer than the 40 s that libxl waits.
    # And xl's: most tests are about what xl has.
    wishes = {"guest_disks": False, "xl_guests": True, **wishes}
    public = ssh_key().with_suffix(".pub").read_text()
    digest = hashlib.sha256(f"{public}{sorted(wishes.items())}".encode())
    for folder in ("xentui", "screens", "themes"):
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes())
    digest.update((REPOSITORY / "pyproject.toml").read_bytes())
    inputs = digest.hexdigest()
    if not (iso.exists() and stamp.exists() and stamp.read_text() == inputs):
        recipe = Recipe(iso, default_cache(), test_key=public, **wishes)
        build(recipe, say=lambda line: print(line, flush=True))
        stamp.write_text(inputs)
    return iso


class SerialLine:
    """The machine's serial line: `child` is pexpect's, `screen` a VT terminal that has read all of it.

    The terminal answers the queries (cursor position, device attributes) that getty and bash make.
    """

    def __init__(self, argv: Sequence[str], log: Path, rows: int = 24, columns: int = 80) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.screen.write_process_input = self._answer  # type: ignore[method-assign]
        self._stream = pyte.Stream(self.screen)
        self._log = log.open("w", encoding="utf-8", errors="replace")
        self.child = pexpect.spawn(
            argv[0], list(argv[1:]), encoding="utf-8", codec_errors="replace",
            dimensions=(rows, columns), env={**os.environ, "TERM": "vt220"}, maxread=65536,
        )  # fmt: skip
        self.child.logfile_read = self  # pexpect gives everything it reads to our write()

    def write(self, text: str) -> None:
        self._log.write(text)
        # pyte 0.8 takes any ESC[>…m or ESC[?…m for colours; xterm's own settings are not.
        self._stream.feed(re.sub(r"\x1b\[[>=?][0-9;]*m", "", text))

    def flush(self) -> None:
        self._log.flush()

    def _answer(self, data: str) -> None:
        self.child.send(data)

    def expect(self, pattern: str, deadline: float) -> None:
        """Read on until `pattern` (a regular expression) has come. Raises AssertionError with the screen."""
        if self.child.expect([pattern, pexpect.TIMEOUT, pexpect.EOF], timeout=deadline) != 0:
            raise AssertionError(f"{pattern!r} did not come within {deadline:g} s:\n{self.text()}")

    def until(self, condition: Callable[[str], object], deadline: float, what: str) -> str:
        """Read on until `condition` holds for the screen's text; give that text."""
        end = time.monotonic() + deadline
        while not condition(self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not on the screen within {deadline:g} s:\n{self.text()}")
            with contextlib.suppress(pexpect.TIMEOUT):
                self.child.read_nonblocking(65536, timeout=1)
        return self.text()

    def type(self, text: str) -> None:
        """As a person types: the hypervisor's serial input holds only 32 bytes."""
        for character in text:
            self.child.send(character)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)


class Dom0:
    """The booted dom0 over ssh, as root. `host` is what the product uses, so it works in its tests too."""

    def __init__(self, port: int, key: Path) -> None:
        self.port = port
        self.options = [
            "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            # Emulated, with a guest that floods: a sshd that says nothing for a minute is not gone.
            "-o", "ServerAliveCountMax=24",
        ]  # fmt: skip
        self.target = f"ssh://root@127.0.0.1:{port}"
        self.libvirt_uri = f"xen+ssh://root@127.0.0.1:{port}/system?keyfile={key}&no_verify=1"
        self.host = SshHost(self.target, options=self.options)

    def connect(self, deadline: float = SSH_DEADLINE) -> None:
        """Wait for sshd. Raises AssertionError when it does not answer in time."""
        end = time.monotonic() + deadline
        probe = ["ssh", *self.options, "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", self.target, "true"]
        while subprocess.run(probe, capture_output=True, timeout=60, check=False).returncode != 0:
            if time.monotonic() > end:
                raise AssertionError(f"sshd did not answer within {deadline:g} s")
        try:
            self.host.open()
        except HostError as error:
            raise AssertionError(str(error)) from error

    def until_booted(self) -> None:
        """Connect, and wait until systemd has started or given up all that belongs to the boot."""
        self.connect()
        argv = ["systemctl", "is-system-running"]
        over = ("running", "degraded")
        self.wait("the end of the boot", lambda: self.run(argv, check=False).stdout.strip() in over, BOOT_DEADLINE)

    def run(self, argv: Sequence[str], deadline: float = COMMAND_DEADLINE, *, check: bool = True) -> CommandRecord:
        """Run a program in the dom0. Raises xentui's CommandError when it fails and `check` is set."""
        return self.host.run(argv, deadline=deadline, check=check)

    def wait(self, what: str, condition: Callable[[], object], deadline: float) -> None:
        """Ask again and again until `condition` is true. Raises AssertionError naming `what`."""
        end = time.monotonic() + deadline
        while True:
            with contextlib.suppress(CommandError):
                if condition():
                    return
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {deadline:g} s")

    def copy(self, source: Path, folder: str) -> None:
        """Copy a local file or folder into `folder` of the dom0, which is made if need be."""
        self.run(["mkdir", "-p", folder])
        packed = subprocess.Popen(
            ["tar", "-C", str(source.parent), "--exclude=__pycache__", "-chf", "-", source.name],
            stdout=subprocess.PIPE,
        )
        try:
            subprocess.run(
                self.host.argv(["tar", "-C", folder, "-xf", "-"]), stdin=packed.stdout, check=True, timeout=120
            )
        finally:
            packed.wait(timeout=10)

    def pytest(self, *arguments: str, deadline: float, cwd: str = "/root") -> CommandRecord:
        """Run pytest inside the dom0, with the xentui that is installed there."""
        command = shlex.join(["/opt/xentui/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments])
        return self.run(["sh", "-c", f"cd {shlex.quote(cwd)} && exec {command}"], deadline, check=False)

    def running(self) -> list[str]:
        """The names in `xl list`, Domain-0 first."""
        lines = self.run(["xl", "list"]).stdout.splitlines()[1:]
        return [line.split()[0] for line in lines]


class LiveMachine:
    """The booted Live CD: its serial line and its dom0 over ssh.

    `serial` is the hypervisor's. Two more lines are dom0's own, each a socket in `lines`: `uart`, a 16550A
    (/dev/ttyS1), and `cable`, a USB adapter (/dev/ttyUSB0) that is plugged in while the socket is connected.
    Without `iso` it starts from its first disk. `entry` is the boot menu's: its hotkey. With `stick` the ISO is a USB
    stick; with `unplugged` the network's cable is out from the beginning; `netboot` is as `Machine` has it.
    """

    def __init__(
        self,
        iso: Path | None,
        cpu: str = CPU_LIBVIRT,
        memory: int = MEMORY_MIB,
        disks: tuple[Path, ...] = (),
        *,
        uefi: Path | None = None,
        entry: str = "s",
        stick: bool = False,
        unplugged: bool = False,
        netboot: tuple[Path, str] | None = None,
    ) -> None:
        self.iso, self.cpu, self.memory, self.disks = iso, cpu, memory, disks
        self.uefi, self.entry, self.stick, self.unplugged = uefi, entry, stick, unplugged
        self.netboot = netboot
        self.boot_seconds = 0.0
        self.lines = Path(tempfile.mkdtemp(prefix="xentui-lines-"))  # short: a socket's path has at most 107 bytes
        self.serial: SerialLine
        self.dom0: Dom0

    def boot(self) -> None:
        """Boot to the login prompt. A boot that does not get there is tried once more."""
        for attempt in (1, 2):
            port = _free_port()
            iso = None if self.stick else self.iso
            machine = Machine(iso, self.memory, self.cpu, port, uefi=self.uefi, disks=self.disks, netboot=self.netboot)
            begun = time.monotonic()
            self.serial = SerialLine([*machine.argv(), *self._more_lines()], FOLDER / f"serial-{attempt}.log")
            self.dom0 = Dom0(port, ssh_key())
            try:
                if self.unplugged:
                    self.plug(False)
                if self.iso is not None or self.netboot is not None:
                    self.serial.expect("serial line only", MENU_DEADLINE)
                    self.serial.type(self.entry)
                self.serial.expect(r"\w+ login: ", NETWORK_DEADLINE if self.netboot else BOOT_DEADLINE)
            except AssertionError:
                self.end()
                if attempt == 2:
                    raise
            else:
                self.boot_seconds = time.monotonic() - begun
                return

    @contextlib.contextmanager
    def booted(self) -> Iterator[Dom0]:
        """Boot it, and end it afterwards."""
        self.boot()
        try:
            self.dom0.until_booted()
            yield self.dom0
        finally:
            self.end()

    def _more_lines(self) -> list[str]:
        self.lines.mkdir(exist_ok=True)  # the end of a first attempt took it away
        chardevs = [
            word for name in ("uart", "cable")
            for word in ("-chardev", f"socket,id={name},path={self.lines / name},server=on,wait=off")
        ]  # fmt: skip
        monitor = ("-chardev", f"socket,id=monitor,path={self.lines / 'monitor'},server=on,wait=off")
        stick: tuple[str, ...] = ()
        if self.stick:
            stick = ("-drive", f"file={self.iso},format=raw,readonly=on,if=none,id=stick",
                     "-device", "usb-storage,drive=stick,removable=on,bootindex=0")  # fmt: skip
        return [
            *chardevs, "-serial", "chardev:uart", "-device", "qemu-xhci", "-device", "usb-serial,chardev=cable", *stick,
            *monitor, "-mon", "chardev=monitor,mode=readline",
        ]  # fmt: skip

    def plug(self, plugged: bool) -> None:
        """Put the network's cable in, or pull it out."""
        self.monitor(f"set_link net {'on' if plugged else 'off'}")

    def monitor(self, command: str) -> None:
        """Have QEMU do this, by its monitor."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(MENU_DEADLINE)

            def is_there() -> bool:  # QEMU may only just have been started
                return monitor.connect_ex(str(self.lines / "monitor")) == 0

            assert wait_until(is_there, MENU_DEADLINE), "QEMU's monitor does not answer"
            _until_prompt(monitor)
            monitor.sendall(f"{command}\n".encode())
            _until_prompt(monitor)

    def end(self) -> None:
        """End QEMU: this one, by its process id."""
        self.dom0.host.close()
        child = self.serial.child
        if child.isalive():
            os.kill(child.pid, signal.SIGTERM)
            with contextlib.suppress(pexpect.TIMEOUT):
                child.expect(pexpect.EOF, timeout=15)
        child.close(force=True)
        self.serial.flush()
        shutil.rmtree(self.lines, ignore_errors=True)


def _until_prompt(monitor: socket.socket) -> None:
    said = b""
    while not said.endswith(b"(qemu) "):
        said += monitor.recv(4096) or b"(qemu) "


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
