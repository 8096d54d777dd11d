"""The wizard, snapshots, cloning and deleting on the screen, over a host whose files stand in a folder."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from driving import Desk, opened
from fakes import FakeHost, FakeInventory, domain, guide

from xentui.domains.autostart import Autostart
from xentui.domains.domain import Disk, HostInfo, Snapshot, State
from xentui.domains.savefiles import MAGIC
from xentui.host import Host


class FolderHost(FakeHost):
    """Its files are real ones, in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(demo=True)
        self.folder = folder

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def read(self, path: str, limit: int = 1 << 20, *, tail: bool = False) -> bytes:
        return Host.read(self, path, limit, tail=tail)

    def write(self, path: str, text: str) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderHost]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    host = FolderHost(tmp_path / "root")
    for path in ("/boot/vmlinuz", "/usr/lib/xentui/guest.img"):
        host.write(path, "x")
    host.write("/etc/xen/server02.cfg", 'name = "server02"\nkernel = "/boot/vmlinuz"\nvif = [ "bridge=xenbr0" ]\n')
    yield host


def inventory() -> FakeInventory:
    made = FakeInventory()
    made.host_info = HostInfo("xenlive", free_memory_mib=900, virt_caps=("pv", "hvm"))
    return made


async def answer(desk: Desk, field: str, text: str) -> None:
    """Go to a question and answer it."""
    await desk.press("home")
    for _ in range(60):
        if any(line.startswith(f"> {field} ") for line in desk.text().splitlines()):
            break
        await desk.press("down")
    await desk.press("enter", *text, "enter")


async def choose(desk: Desk, field: str) -> None:
    """Go to a question whose answers are a list."""
    await desk.press("home")
    while not any(line.startswith(f"> {field} ") for line in desk.text().splitlines()):
        await desk.press("down")
    await desk.press("enter")


async def test_a_guest_from_the_first_question_to_the_file(host: FolderHost) -> None:
    async with opened(inventory(), host=host) as desk:
        await desk.press("N")
        await desk.see("A new guest", "Not yet", "Say where its system comes from")
        await desk.press("down", "down", "enter")  # the source: busybox is the first
        await desk.see("busybox", "debian")
        await desk.press("enter")
        await desk.see("Give it a name.")
        await desk.press("f2")
        assert "Give it a name." in desk.line("Give it a name.")
        await answer(desk, "name", "web")
        await desk.see("F2 makes this:", "Steps to make web:")
        await answer(desk, "memory", "160")
        await answer(desk, "disk", "1M")
        await desk.see("Make the new file /srv/xen/web-disk.img, 1 MiB, raw")
        await desk.press("tab", "end")
        await desk.see('bridge=xenbr0" ]')
        await desk.press("f2")
        await desk.until(lambda: not desk.app.jobs.running)
        await desk.see("Make web: done.", "livexen")  # what to do next is told
        await desk.press("enter")
        text = host.path("/etc/xen/web.cfg").read_text()
        assert "memory = 160" in text and 'type = "pvh"' in text
        assert host.path("/srv/xen/web-disk.img").stat().st_size == 1 << 20


async def test_the_installer_is_started_at_once_or_later(host: FolderHost) -> None:
    for name in ("linux", "initrd.gz"):
        host.write(f"/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/{name}", "x")
    host.write("/usr/lib/grub-xen/grub-i386-xen_pvh.bin", "x")
    stock, started = inventory(), list[str | None]()
    stock.fake.start = lambda domain, cancel=None: started.append(domain.config_file)
    install, plain = "/var/lib/xentui/guests/web.install.cfg", stock.snapshot

    def snapshot() -> Snapshot:
        known = plain()
        made = (domain("web"),) if host.path("/etc/xen/web.cfg").exists() else ()
        return replace(known, domains=(*known.domains, *made))

    stock.snapshot = snapshot  # type: ignore[method-assign]
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("b")
        await desk.see("server02 was not made for the Debian Installer")
        await desk.press("enter", "escape", "N", "down", "down", "enter", "down", "down", "enter")
        await answer(desk, "name", "web")
        await answer(desk, "size", "1M")
        await desk.see("F3 and start", "Write the installer's configuration")
        await desk.press("f3")
        await desk.see("Make web: done.", "When the installer has halted")
        assert started == [install] and "xentui install" not in desk.text()
        await desk.press("enter", "slash", *"web", "enter")
        await desk.press("b")
        await desk.see("The installer runs in web")
        assert started == [install] * 2


async def test_before_its_installer_ran_a_start_offers_that(host: FolderHost) -> None:
    stock, started = inventory(), list[str | None]()
    stock.fake.start = lambda domain, cancel=None: started.append(domain.config_file)
    stock.domains.append(domain("web"))
    install = "/var/lib/xentui/guests/web.install.cfg"
    host.write(install, 'disk = [ "/srv/xen/web.img,raw,xvda,rw" ]\n')
    host.write("/srv/xen/web.img", "\0" * 8192)
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"web", "enter")
        await desk.press("s")
        await desk.see("Nothing is on the disk of web yet.", "Debian Installer that", "its empty disk")
        await desk.press("escape")
        await desk.see("Nothing was done.")
        await desk.press("s", "enter")
        await desk.see("The installer runs in web")
        await desk.press("enter", "s")
        await desk.see("Nothing is on the disk")
        await desk.press("down", "enter")
        await desk.see("Start web: done.")
        host.write("/srv/xen/web.img", "installed")
        await desk.press("s")
        await desk.until(lambda: len(started) == 3)
        assert started == [install, "/etc/xen/web.cfg", "/etc/xen/web.cfg"]


async def test_what_is_saved_is_listed_restored_and_discarded(host: FolderHost) -> None:
    stock = inventory()
    head = struct.pack("<32sIIII", MAGIC, 0x01020304, 1, 0, 0)
    for when, name in ((100, "old"), (200, "new")):
        text = json.dumps({"c_info": {"name": "server02"}}).encode() + b"\0"
        host.write(f"/var/lib/xen/save/{name}", "")
        file = host.path(f"/var/lib/xen/save/{name}")
        file.write_bytes(head[:-4] + struct.pack("<II", len(text) + 4, len(text)) + text + bytes(1 << 17))
        os.utime(file, (when, when))
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("F")
        await desk.see("Saved of server02", "can be restored", "/var/lib/xen/save/new", "old: it ran since")
        await desk.press("down", "enter")
        await desk.see("old memory on newer disks")
        await desk.press("enter")
        await desk.see("The guest has run since this was saved", "xentui restore /var/lib/xen/save/old --again")
        await desk.press("enter")
        await desk.see("Nothing was done.")
        await desk.press("F", "down", "enter", "down", "enter")
        await desk.see("It cannot be gone back to.")
        await desk.press("y")
        await desk.see("Discard server02: done.")
        assert not host.path("/var/lib/xen/save/old").exists()
        await desk.press("F", "enter", "enter")
        await desk.until(lambda: stock.fake.calls == [("restore", "/var/lib/xen/save/new")])


async def test_what_is_wrong_is_said_and_nothing_is_made(host: FolderHost) -> None:
    async with opened(inventory(), host=host) as desk:
        await desk.press("N", "down", "down", "enter", "enter")
        await answer(desk, "name", "server01")
        await desk.see("There is a guest server01 already")
        await desk.press("f2")
        assert "There is a guest server01 already" in desk.text()
        assert not host.path("/etc/xen/server01.cfg").exists()
        await answer(desk, "name", "[bold]")
        await desk.see("'[bold]' is no name for a guest")
        await desk.press("escape")
        await desk.see("server01")
        await desk.press("N")  # nothing that was answered is lost
        await desk.see("'[bold]' is no name for a guest", "busybox")


async def test_a_template_fills_in_and_shows_its_questions(host: FolderHost) -> None:
    async with opened(inventory(), host=host) as desk:
        await desk.press("N", "down", "enter", "slash", *"windows", "enter")  # a / begins a filter elsewhere
        await desk.see("windows", "--source cd needs --cd FILE")
        assert "cd " in desk.text() and "drivers" in desk.text()
        await desk.see("(yes)")


async def test_a_cd_is_chosen_from_the_library(host: FolderHost) -> None:
    host.write("/srv/xen/cd/windows.iso", "x")
    async with opened(inventory(), host=host) as desk:
        await desk.press("N", "down", "down", "enter", "down", "down", "down", "enter")
        await desk.see("--source cd needs --cd FILE")
        await choose(desk, "cd")
        await desk.see("windows.iso", "another file")
        await desk.press("enter")
        await desk.see("/srv/xen/cd/windows.iso", "Give it a name.")


async def test_guests_are_not_made_over_ssh(host: FolderHost) -> None:
    host.is_remote = True
    async with opened(inventory(), host=host) as desk:
        await desk.press("N")
        assert "Guests are made and changed on the host itself" in desk.text()
        assert "run xentui on xenlive." in desk.text()
        await desk.press("slash", *"server02", "enter")
        await desk.press("y")
        await desk.see("Clone server02 under the name")
        await desk.press("enter")
        await desk.see("Guests are made and changed on the host itself")


async def test_read_only_makes_nothing(host: FolderHost) -> None:
    async with opened(inventory(), host=host, read_only=True) as desk:
        await desk.press("N")
        assert "read-only" in desk.text()


async def test_snapshots_are_taken_reverted_and_deleted(host: FolderHost) -> None:
    stock = inventory()
    stock.domains = [*guide()[:3], domain("server02", disks=(Disk("xvda", "/srv/xen/d.img", "raw"),))]
    host.write("/srv/xen/d.img", "before")
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("t")
        await desk.see("Snapshots of server02", "No snapshots yet")
        await desk.press("t")
        await desk.see("Take a snapshot of server02", "Description")
        await desk.press("ctrl+u", *"o ne", "enter")
        await desk.see("'o ne' is no name for a snapshot")  # what was typed stays
        await desk.press("ctrl+u", *"one", "tab", *"before [b]it", "enter")
        await desk.until(lambda: not desk.app.jobs.running)
        await desk.refresh()
        await desk.see("* one", "disks", "\n before [b]it")
        assert host.path("/srv/xen/d.img.one").read_text() == "before"
        host.write("/srv/xen/d.img", "after")
        await desk.press("r")
        await desk.see("Revert server02 to one?", "what is on it now is lost")
        await desk.press("enter")  # the safe answer
        await desk.see("Nothing was done.")
        assert host.path("/srv/xen/d.img").read_text() == "after"
        await desk.press("r")
        await desk.see("Revert server02 to one?")
        await desk.press("y")
        await desk.until(lambda: not desk.app.jobs.running)
        assert host.path("/srv/xen/d.img").read_text() == "before"
        await desk.press("x")
        await desk.see("Delete the snapshot one of server02?")
        await desk.press("y")
        await desk.until(lambda: not desk.app.jobs.running)
        await desk.refresh()
        await desk.see("No snapshots yet")
        assert not host.path("/srv/xen/d.img.one").exists()


async def test_clone_and_delete(host: FolderHost) -> None:
    stock = inventory()
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("y")
        await desk.see("Clone server02 under the name")
        await desk.press("ctrl+u", *"copy", "enter")
        await desk.until(lambda: host.path("/etc/xen/copy.cfg").exists() and not desk.app.jobs.running)
        await desk.see("Clone copy: done.", "Inside, copy is still its origin")
        await desk.press("enter")
        stock.domains.append(domain("copy", state=State.OFF))
        await desk.refresh()
        await desk.press("escape")
        await desk.see("client02")
        await desk.press("slash", *"copy", "enter")
        await desk.see("filter 'copy'")
        await desk.press("X")
        await desk.see("Delete copy with all that was made for it?", "file /etc/xen/copy.cfg")
        await desk.press("enter")
        assert host.path("/etc/xen/copy.cfg").exists()
        await desk.press("X")
        await desk.see("Delete copy with all that was made for it?")
        await desk.press("y")
        await desk.until(lambda: not desk.app.jobs.running and not host.path("/etc/xen/copy.cfg").exists())


async def test_a_new_name_is_the_configurations_too(host: FolderHost) -> None:
    host.write("/etc/xen/server01.cfg", 'name = "server01" # ours\nkernel = "/boot/vmlinuz"\n')
    async with opened(inventory(), host=host) as desk:
        await desk.press("slash", *"server0", "enter")
        await desk.press("n")
        await desk.see("New name of server01")
        await desk.press("ctrl+u", *"server02", "enter")
        await desk.see("There is a guest server02 already", "or delete that one first")  # too long for one line
        await desk.press("enter", "n", "ctrl+u", *"web", "enter")
        await desk.until(lambda: host.path("/etc/xen/web.cfg").exists() and not desk.app.jobs.running)
        assert desk.inventory.fake.calls == [("rename", "server01", "web")]  # it runs
        await desk.press("end", "n", "ctrl+u", *"db", "enter")
        await desk.until(lambda: host.path("/etc/xen/db.cfg").exists() and not desk.app.jobs.running)
        assert desk.inventory.fake.calls == [("rename", "server01", "web")]  # server02 is off
    assert host.path("/etc/xen/web.cfg").read_text() == 'name = "web" # ours\nkernel = "/boot/vmlinuz"\n'
    assert not host.path("/etc/xen/server01.cfg").exists()
    assert 'name = "db"' in host.path("/etc/xen/db.cfg").read_text()


async def test_a_guest_that_is_off_grows_and_becomes_another_type(host: FolderHost) -> None:
    stock = inventory()
    disk = Disk("xvda", "/srv/xen/a.img", "raw")
    stock.domains = [replace(d, disks=(disk,), type="pv") if d.name == "server02" else d for d in stock.domains]
    host.write("/srv/xen/a.img", "x" * 4096)
    host.write("/usr/lib/grub-xen/grub-i386-xen_pvh.bin", "x")
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("B")
        await desk.see("New size of the disk of server02")
        await desk.press("ctrl+u", *"1M", "enter")
        await desk.see("grows from 4 KiB to 1 MiB", "cannot be made smaller again")
        await desk.press("y")
        await desk.until(lambda: host.path("/srv/xen/a.img").stat().st_size == 1 << 20 and not desk.app.jobs.running)
        await desk.see("Grow disk server02: done.")
        await desk.press("escape")
        await desk.press("T")
        await desk.see("Type of server02", "boots its own disk by GRUB")
        await desk.press("up", "enter")
        await desk.see("Make server02 a PVH guest?", "GRUB_CMDLINE_LINUX", "server02.cfg.before-pvh")
        await desk.press("enter")
        await desk.see("Nothing was done.")
        await desk.press("U")
        await desk.see("have no Debian on their disks")


async def test_a_note_is_written_and_shown(host: FolderHost) -> None:
    async with opened(inventory(), host=host) as desk:
        desk.inventory.domains = [replace(d, note="old [b]words[/]") for d in desk.inventory.domains]
        await desk.refresh()
        await desk.press("slash", *"server02", "enter")
        await desk.press("enter")
        await desk.see("Note          old [b]words[/]")
        await desk.press("A")
        await desk.see("Note on server02")
        await desk.press("ctrl+u", *"new one", "enter")
        await desk.until(lambda: not desk.app.jobs.running)
    assert host.path("/etc/xen/server02.cfg").read_text().startswith('# note: new one\nname = "server02"\n')


async def test_over_ssh_the_running_domain_has_the_new_name(host: FolderHost) -> None:
    host.is_demo, host.is_remote = False, True
    async with opened(inventory(), host=host) as desk:
        await desk.press("slash", *"server01", "enter")
        await desk.press("n")
        await desk.see("New name of server01", "its configuration keeps the old name")
        await desk.press("ctrl+u", *"web", "enter")
        await desk.until(lambda: desk.inventory.fake.calls == [("rename", "server01", "web")])


async def test_a_guest_becomes_a_template_and_starts_before_another(host: FolderHost) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\n')
    links = Autostart(host)
    for name in ("a", "server02"):
        links.set(f"/etc/xen/{name}.cfg", True)
    async with opened(inventory(), host=host) as desk:
        desk.inventory.domains = [replace(d, autostart=d.name == "server02") for d in desk.inventory.domains]
        await desk.refresh()
        await desk.press("slash", *"server02", "enter")
        await desk.press("Y")
        await desk.see("Template of server02, named")
        await desk.press("ctrl+u", *"mine", "enter")
        await desk.until(lambda: host.path("/etc/xentui/templates/mine.toml").exists() and not desk.app.jobs.running)
        await desk.press("O")
        await desk.see("Start server02 as which of 2?", "1.  now", "2.  as now")
        await desk.press("up", "enter")
        await desk.until(lambda: links.order()[0] == "/etc/xen/server02.cfg" and not desk.app.jobs.running)
        assert links.order() == ["/etc/xen/server02.cfg", "/etc/xen/a.cfg"]


async def test_a_cd_of_the_library_is_inserted(host: FolderHost) -> None:
    host.write("/srv/xen/cd/one.iso", "x")
    stock = inventory()
    drive = Disk("hdc", "", "raw", cdrom=True)
    stock.domains = [replace(d, type="hvm", disks=(drive,)) if d.name == "server01" else d for d in stock.domains]
    async with opened(stock, host=host) as desk:
        await desk.press("slash", *"server01", "enter")
        await desk.press("e")
        await desk.see("Image for the CD drive of server01", "one.iso", "another file ...")
        await desk.press("enter")
        await desk.until(lambda: stock.fake.calls == [("insert_cd", "server01", "hdc", "/srv/xen/cd/one.iso")])


async def test_a_cd_image_is_checked_from_the_table(host: FolderHost) -> None:
    host.write("/srv/xen/cd/one.iso", "x")
    host.write("/srv/xen/cd/one.iso.sha256", f"{sha256(b'x').hexdigest()}  one.iso\n")
    host.write("/srv/xen/cd/two.iso", "y")
    async with opened(inventory(), host=host) as desk:
        await desk.press("I")
        await desk.see("CD images in /srv/xen/cd", "one.iso", "no sum of it is known", "download ...", "copy a disc")
        await desk.press("enter")
        await desk.see("Check one.iso: done.", "one.iso: undamaged")


async def test_a_guest_of_others_is_not_deleted(host: FolderHost) -> None:
    async with opened(inventory(), host=host) as desk:
        await desk.press("slash", *"server02", "enter")
        await desk.press("X")
        await desk.see("was not made by xentui create", "disks yourself.")
        assert host.path("/etc/xen/server02.cfg").exists()


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (132, 50)])
async def test_it_fits(host: FolderHost, size: tuple[int, int]) -> None:
    async with opened(inventory(), host=host, size=size) as desk:
        await desk.press("N", "down", "down", "enter", "enter")
        await answer(desk, "name", "web")
        await desk.see("F2 makes this:")
