"""A file system that is full half way, really: one sentence says which file, and all is as it was. As root only."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from guest_site import GuestHost

from xentui.config_files import ConfigFileError, save_config
from xentui.domains.domain import Domain, State
from xentui.guests import cds, rename, site
from xentui.guests import clone as cloning
from xentui.guests.errors import GuestError

WEB = 'name = "web"\nkernel = "/boot/vmlinuz"\ndisk = [ "/srv/xen/web.img,raw,xvda,w" ]\n'


@pytest.fixture
def full(host: GuestHost) -> Iterator[Callable[[str], None]]:
    """Lays a file system without room over a folder of the host; what is there is there still."""
    with ExitStack() as stack:

        def fill(folder: str) -> None:
            place = host.path(folder)
            kept = {file.name: file.read_bytes() for file in place.iterdir() if file.is_file()}
            argv = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
            if os.geteuid() != 0 or subprocess.run(argv, check=False, timeout=180).returncode:
                pytest.skip("this user may not mount a small file system to fill")
            stack.callback(subprocess.run, ["umount", str(place)], check=True, timeout=180)
            for name, data in kept.items():
                (place / name).write_bytes(data)
            handle = os.open(place / "filler", os.O_CREAT | os.O_WRONLY)
            with pytest.raises(OSError) as error:
                while True:
                    os.write(handle, b"x" * 4096)
            os.close(handle)
            assert error.value.errno == errno.ENOSPC

        yield fill


@pytest.fixture(autouse=True)
def _a_guest(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    host.write("/etc/xen/web.cfg", WEB)
    host.write("/srv/xen/web.img", os.urandom(16 << 10))
    for module in (site, cds):  # there was room when it was looked for
        monkeypatch.setattr(module, "free_bytes", lambda _host, _path: (1 << 40, 0))


def test_a_copy_of_a_disk(host: GuestHost, full: Callable[[str], None]) -> None:
    full("/srv/xen")
    before = host.files()
    here = host.site
    plan = cloning.plan(here, "web", "web2")
    with pytest.raises(GuestError, match=r"web2.img': No space left on device\. Nothing of it is left\.$"):
        cloning.clone(here, plan, cloning.work_for(here, plan, "web"))
    assert host.files() == before


def test_a_copy_of_a_cd(host: GuestHost, full: Callable[[str], None]) -> None:
    full("/srv/xen")
    before = host.files()
    host.write("/dev/cdrom", os.urandom(256 << 10))
    with pytest.raises(GuestError, match=r"^/srv/xen/windows.iso: No space left on device$"):
        cds.copy_disc(host, "/dev/cdrom", "windows", "/srv/xen")
    assert host.files() == before


def test_a_configuration(host: GuestHost, full: Callable[[str], None]) -> None:
    full("/etc/xen")
    before = host.files()
    with pytest.raises(ConfigFileError, match=r"^Not saved: /etc/xen/web.cfg~: .*: free some room\.$"):
        save_config(host, "/etc/xen/web.cfg", f"# more\n{WEB}", WEB)
    with pytest.raises(
        GuestError, match=r"^/etc/xen/new.cfg: cannot be written: No space left .*Nothing of it is left"
    ):
        host.create("new", source="busybox")
    assert host.files() == before and host.config("web") == WEB


class Renamer:
    """A toolstack that only renames."""

    def __init__(self) -> None:
        self.did: list[tuple[str, str]] = []

    def rename(self, domain: Domain, name: str) -> None:
        self.did.append((domain.name, name))


def test_a_new_name_is_taken_back(host: GuestHost, full: Callable[[str], None]) -> None:
    full("/etc/xen")
    host.running.append(Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg"))
    before, stack = host.files(), Renamer()
    plan = rename.plan(host.site, "web", "db")
    with pytest.raises(GuestError, match=r"^web is not renamed: /etc/xen/db.cfg: cannot be written: No space left"):
        rename.rename(host.site, plan, stack)  # type: ignore[arg-type]
    assert stack.did == [("web", "db"), ("db", "web")]
    assert host.files() == before and host.config("web") == WEB
