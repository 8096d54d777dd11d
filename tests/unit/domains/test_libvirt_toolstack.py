"""libvirt, on its own test driver: in this process, and behind a libvirtd that is stopped, killed and back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from folder_host import FolderHost

from xentui.domains import libvirt_connection
from xentui.domains.domain import Disk, Domain, Interface, Snapshot, State
from xentui.domains.inventory import Inventory
from xentui.domains.libvirt import Libvirt, state_of
from xentui.domains.libvirt_connection import LibvirtConnection
from xentui.domains.libvirt_source import LibvirtSource
from xentui.domains.libvirt_xml import NOTHING, parse_domain
from xentui.domains.toolstack import ToolstackError, ToolstackHungError, ToolstackMissingError
from xentui.domains.xl import Xl
from xentui.host import LibvirtHost
from xentui.waiting import wait_until

DEADLINE = 180.0

#: A machine of the test driver's: what happens to it, nobody else sees.
NODE = """<node>
 <cpu><mhz>2000</mhz><model>i686</model><active>4</active><nodes>1</nodes><sockets>1</sockets><cores>4</cores>
  <threads>1</threads></cpu>
 <memory>4194304</memory>
 <domain type='test'>
  <name>guest</name><uuid>a7bd3543-6385-4be4-a395-2dbcd74f1197</uuid>
  <memory>524288</memory><currentMemory>262144</currentMemory><vcpu>2</vcpu><os><type>xen</type></os>
  <devices>
   <disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='/dev/vg0/guest'/>
    <target dev='xvda' bus='xen'/></disk>
   <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
   <interface type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='xenbr0'/><target dev='vif1.0'/>
   </interface>
  </devices>
 </domain>
</node>"""


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    inventory = Inventory(LibvirtHost(f"test://{node}"))
    inventory.open()
    yield inventory
    inventory.close()


def guest(inventory: Inventory) -> Domain:
    snapshot = inventory.snapshot()
    found = snapshot.domain("guest")
    assert found is not None, snapshot.problems
    return found


def test_an_inventory_without_xl(inventory: Inventory) -> None:
    snapshot = inventory.snapshot()
    assert snapshot.problems == ()
    assert (snapshot.host.cpus, snapshot.host.total_memory_mib) == (4, 4096)
    domain = snapshot.domain("guest")
    assert domain is not None
    assert (domain.state, domain.managed_by, domain.type) == (State.RUNNING, ("libvirt",), "pv")
    assert (domain.vcpus, domain.memory_mib, domain.max_memory_mib) == (2, 256, 512)
    assert domain.disks == (Disk("xvda", "/dev/vg0/guest", "raw"), Disk("hdc", None, None, False, True))
    assert domain.interfaces == (Interface("00:16:3e:00:00:01", "xenbr0"),)
    assert domain.cpu_seconds is not None and domain.cpu_percent is None
    assert wait_until(lambda: guest(inventory).cpu_percent is not None, DEADLINE)
    assert guest(inventory).net_receive is not None and guest(inventory).disk_read is not None


def test_lifecycle(inventory: Inventory) -> None:
    toolstack = inventory.toolstack(guest(inventory))
    assert toolstack is inventory.libvirt
    toolstack.pause(guest(inventory))
    assert guest(inventory).state is State.PAUSED
    with pytest.raises(ToolstackError, match="unpause it"):
        toolstack.save(guest(inventory), "/tmp/never-written")
    toolstack.unpause(guest(inventory))
    assert guest(inventory).state is State.RUNNING
    toolstack.shutdown(guest(inventory), wait=True)
    off = guest(inventory)
    assert (off.state, off.id, off.cpu_percent) == (State.OFF, None, None)
    with pytest.raises(ToolstackError, match="not running"):
        toolstack.pause(off)
    with pytest.raises(ToolstackError, match="unsupported flags"):  # of the test driver
        toolstack.start(off, paused=True)
    toolstack.start(off)
    toolstack.destroy(guest(inventory))
    assert guest(inventory).state is State.OFF
    shown = [(record.shell.split(" ", 3)[3], record.status) for record in inventory.host.log]
    assert shown[0] == ("suspend guest", 0)
    assert ("start --paused guest", 1) in shown and ("start guest", 0) in shown and ("suspend guest", 1) in shown


def test_save_and_restore(inventory: Inventory, tmp_path: Path) -> None:
    toolstack = inventory.toolstack(guest(inventory))
    toolstack.save(guest(inventory), str(tmp_path / "saved"))
    assert guest(inventory).state is State.OFF
    toolstack.restore(str(tmp_path / "saved"))
    assert guest(inventory).state is State.RUNNING


def test_beside_xl_nothing_is_written_over_and_a_sysrq_goes_by_xl(tmp_path: Path) -> None:
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    host = FolderHost(tmp_path)
    host.program("xl", f'echo "$@" >> {tmp_path}/called')
    libvirt = Libvirt(f"test://{node}", xl=Xl(host))
    other = host.write("/srv/other", "mine")
    domain = Domain("guest", 1, state=State.RUNNING, memory_mib=256)
    try:
        with pytest.raises(ToolstackError, match="/srv/other exists already"):
            libvirt.save(domain, "/srv/other")
        assert other.read_text() == "mine"
        libvirt.sysrq(domain, "s")
        assert "sysrq guest s" in (tmp_path / "called").read_text()
    finally:
        libvirt.close()


def test_definitions_and_autostart(inventory: Inventory) -> None:
    libvirt = inventory.libvirt
    assert libvirt is not None
    assert (
        libvirt.define(libvirt.dumpxml(guest(inventory)).replace("guest", "second").replace("a7bd", "b7bd")) == "second"
    )
    assert set(libvirt.list()) == {"guest", "second"}
    second = inventory.snapshot().domain("second")
    assert second is not None and (second.state, second.autostart) == (State.OFF, False)
    libvirt.set_autostart(second, True)
    changed = inventory.snapshot().domain("second")
    assert changed is not None and changed.autostart is True
    libvirt.undefine(second)
    assert inventory.snapshot().domain("second") is None
    with pytest.raises(ToolstackError, match="libvirt: "):
        libvirt.define("<domain>")


def test_events(inventory: Inventory) -> None:
    changed = threading.Event()
    inventory.watch(changed.set)
    toolstack = inventory.toolstack(guest(inventory))
    toolstack.pause(guest(inventory))
    assert changed.wait(DEADLINE)


def test_xml() -> None:
    assert parse_domain("<domain><os><type>xenpvh</type></os></domain>").type == "pvh"
    assert parse_domain("<domain><os><type>exe</type></os></domain>").type is None
    assert parse_domain("no xml") == NOTHING


def test_states() -> None:
    assert [state_of(number, True) for number in range(8)] == [
        State.RUNNING,
        State.RUNNING,
        State.BLOCKED,
        State.PAUSED,
        State.RUNNING,
        State.SHUTDOWN,
        State.CRASHED,
        State.PAUSED,
    ]
    assert {state_of(number, False) for number in range(8)} == {State.OFF}


def test_nobody_there() -> None:
    inventory = Inventory(LibvirtHost("test:///no/such/file.xml"))
    try:
        first = inventory.snapshot()
        assert first.domains == () and "cannot be reached" in first.problems[0]
        assert inventory.snapshot().problems == first.problems  # left alone for a while
    finally:
        inventory.close()


def test_no_libvirt_module(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "libvirt":
            raise ImportError("libvirt.so.0: cannot open shared object file")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    inventory = Inventory(LibvirtHost("test:///default"))
    snapshot = inventory.snapshot()
    inventory.close()
    assert "install python3-libvirt" in snapshot.problems[0]


def test_ssh_asks_nothing_on_the_screen() -> None:
    without_tty = libvirt_connection._without_tty
    assert without_tty("xen+ssh://root@other/system") == "xen+ssh://root@other/system?no_tty=1"
    assert without_tty("xen+ssh://root@other/?keyfile=/k") == "xen+ssh://root@other/?keyfile=/k&no_tty=1"
    assert without_tty("test:///default") == "test:///default"


class Libvirtd:
    """A libvirtd of our own, without privileges, whose test driver we speak to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "sock" / "libvirt-sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"test+unix:///default?socket={self.socket}"

    def start(self) -> None:
        homes = {name: str(self.folder) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        argv = ["libvirtd", "-f", str(self.folder / "conf"), "-p", str(self.folder / "pid")]
        if os.geteuid() == 0:  # or it would be the system's
            argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv]
        self.process = subprocess.Popen(
            argv, env={**os.environ, **homes}, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert wait_until(self.socket.exists, DEADLINE), "libvirtd did not come up"

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None
        self.socket.unlink(missing_ok=True)


@pytest.fixture
def libvirtd() -> Iterator[Libvirtd]:
    if shutil.which("libvirtd", path=f"{os.environ.get('PATH')}:/usr/sbin") is None:
        pytest.skip("no libvirtd here")
    folder = Path(tempfile.mkdtemp(prefix="xentui-libvirtd-"))
    (folder / "sock").mkdir()
    (folder / "conf").write_text(f'unix_sock_dir = "{folder}/sock"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n')
    if os.geteuid() == 0:
        for path in (folder, folder / "sock"):
            os.chown(path, 65534, 65534)
    daemon = Libvirtd(folder)
    daemon.start()
    yield daemon
    daemon.kill()
    shutil.rmtree(folder, ignore_errors=True)


def settled(inventory: Inventory, condition: object) -> Snapshot:
    snapshot = inventory.snapshot()
    end = time.monotonic() + DEADLINE
    while not condition(snapshot):  # type: ignore[operator]
        assert time.monotonic() < end, snapshot
        threading.Event().wait(0.1)
        snapshot = inventory.snapshot()
    return snapshot


def test_libvirtd_killed_and_back(libvirtd: Libvirtd) -> None:
    inventory = Inventory(LibvirtHost(libvirtd.uri))
    try:
        assert [d.stale_seconds for d in inventory.snapshot().domains] == [None]
        libvirtd.kill()
        lost = settled(inventory, lambda s: s.problems)
        assert [d.name for d in lost.domains] == ["test"], "the last rows stay"
        assert lost.domains[0].stale_seconds is not None
        libvirtd.start()
        back = settled(inventory, lambda s: not s.problems)
        assert [(d.name, d.stale_seconds) for d in back.domains] == [("test", None)]
    finally:
        inventory.close()


def test_a_libvirtd_that_hangs_freezes_nobody(libvirtd: Libvirtd) -> None:
    assert libvirtd.process is not None
    libvirt = Libvirt(libvirtd.uri)
    source = LibvirtSource(libvirt, full=True)
    domain = Domain("test", 1)
    try:
        assert source.read().problem is None
        libvirtd.process.send_signal(signal.SIGSTOP)
        with pytest.raises(ToolstackHungError, match="gave no answer"):
            libvirt.connection.read(lambda c: c.listAllDomains(0), 0.3)
        stale = source.read()  # left alone for a while: no new thread, no waiting
        assert stale.problem is not None and stale.stale_seconds is not None and len(stale.rows) == 1
        libvirtd.process.send_signal(signal.SIGCONT)
        libvirt.pause(domain)  # what the user asks for is tried at once, over a new connection
        assert source.read().rows[0].state is State.PAUSED
    finally:
        libvirt.close()


def test_beside_xl_it_is_asked_for_all_of_what_does_not_run(tmp_path: Path) -> None:
    """Of what runs xl knows more; of the rest nobody else does."""
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    libvirt = Libvirt(f"test://{node}")
    source = LibvirtSource(libvirt, full=False)
    try:
        [runs] = source.read().rows
        assert (runs.state, runs.type, runs.disks) == (State.RUNNING, None, ())
        libvirt.destroy(Domain("guest", runs.id))
        [off] = source.read().rows
        assert (off.state, off.id, off.type, off.vcpus, off.memory_mib) == (State.OFF, None, "pv", 2, 256)
        assert off.disks[0].target == "/dev/vg0/guest" and off.interfaces[0].bridge == "xenbr0"
    finally:
        libvirt.close()


def test_a_work_that_fails_breaks_nothing() -> None:
    connection = LibvirtConnection("test:///default")

    def broken(_connection: object) -> None:
        raise ValueError("a bug")

    try:
        with pytest.raises(ValueError, match="a bug"):
            connection.read(broken)
        assert connection.read(lambda c: c.getType()) == "TEST"
        with pytest.raises(ToolstackError) as missing:
            connection.read(lambda c: c.lookupByName("nobody"))
        assert not isinstance(missing.value, ToolstackMissingError)
        assert connection.read(lambda c: c.getType()) == "TEST"
    finally:
        connection.close()
