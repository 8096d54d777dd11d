"""`make test-iso`: a machine without any disk is started by network (PXE), by BIOS and by UEFI."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from iso_machines import FIRMWARE, booted
from livemachine import LiveMachine, live_iso

from xentui.livecd.netboot import make_netboot
from xentui.livecd.tools import Builder

pytestmark = pytest.mark.iso


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What TFTP serves; the ISO is served by HTTP, until the last boot is over."""
    iso, made = live_iso(), tmp_path_factory.mktemp("network")
    serve = partial(SimpleHTTPRequestHandler, directory=str(iso.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://10.0.2.2:{server.server_port}/{iso.name}"
        make_netboot(Builder(made / "log"), iso, made / "tftp", url, "eth0")
        yield made / "tftp"
        server.shutdown()


@pytest.mark.parametrize(("loader", "firmware"), [("bios.pxe", None), ("uefi.efi", FIRMWARE)], ids=["BIOS", "UEFI"])
def test_started_by_network_it_has_all_in_memory_and_its_guests(
    folder: Path, loader: str, firmware: Path | None
) -> None:
    with booted(LiveMachine(None, memory=2048, uefi=firmware, netboot=(folder, loader))) as dom0:
        assert "fetch=http://10.0.2.2" in dom0.run(["cat", "/proc/cmdline"]).stdout
        assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
        assert dom0.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""
        dom0.wait("the guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=300)
        print(dom0.run(["ip", "-brief", "-4", "addr"]).stdout, dom0.run(["free", "-m"]).stdout)
