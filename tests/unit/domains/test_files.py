"""What stands in files: configurations, links for start-up, saved guests."""

import json
import os
import struct
from pathlib import Path

import pytest
from folder_host import FolderHost

from xentui.domains import autostart, savefiles
from xentui.domains.autostart import Autostart
from xentui.domains.configs import ConfigFiles
from xentui.domains.inventory import Inventory
from xentui.domains.savefiles import MAGIC, SavedGuests, SaveFileError, read_details
from xentui.domains.toolstack import ToolstackError

CONFIG = {
    "c_info": {"type": "pvh", "name": "server02", "uuid": "a7bd3543-6385-4be4-a395-2dbcd74f1197"},
    "b_info": {"max_vcpus": 2, "max_memkb": 262144, "target_memkb": 131072},
}


def save_file(config: object = CONFIG, order: int = 0x01020304, mandatory: int = 3, memory: int = 1 << 20) -> bytes:
    """As xl writes it: header, length and text of the configuration, memory."""
    text = json.dumps(config).encode() + b"\0"
    optional = struct.pack("<I", len(text)) + text
    return struct.pack("<32sIIII", MAGIC, order, mandatory, 0, len(optional)) + optional + b"\0" * memory


def test_configurations(host: FolderHost) -> None:
    host.write("/etc/xen/b.cfg", 'name = "b"\nmemory = 256\nmaxmem = 512\nvcpus = 2\ntype = "hvm"\n')
    host.write(
        "/etc/xen/a.cfg",
        'name = "a"\nmemory = "128"\nbuilder = "hvm"\n'
        "disk = ['phy:/dev/vg0/a,xvda,w', 'nonsense']\nvif = ['bridge=xenbr0, mac=00:16:3e:00:00:01', '']\n",
    )
    host.write("/etc/xen/xl.conf", "autoballoon=0\n")
    host.write("/etc/xen/broken.cfg", "name = 'x\n")
    host.write("/etc/xen/nameless.cfg", "memory = 1\n")
    host.write("/etc/xen/xm.cfg", "import os\nname = 'xm'\nmemory = 64 * 2\n")
    host.write("/etc/xen/auto/alone.cfg", "name = 'alone'\n")
    host.path("/etc/xen/auto/a.cfg").symlink_to("../a.cfg")
    guests, problems = ConfigFiles(host).read()
    assert [(g.path, g.name, g.type, g.memory_mib, g.max_memory_mib, g.vcpus) for g in guests] == [
        ("/etc/xen/a.cfg", "a", "hvm", 128, 128, 1),
        ("/etc/xen/b.cfg", "b", "hvm", 256, 512, 2),
        ("/etc/xen/auto/alone.cfg", "alone", "pv", None, None, 1),
        # What xl would refuse is there, to be mended.
        ("/etc/xen/broken.cfg", "broken", "", None, None, None),
        ("/etc/xen/nameless.cfg", "nameless", "", None, None, None),
        ("/etc/xen/xm.cfg", "xm", "pv", None, None, 1),
    ]
    assert [(d.vdev, d.target) for d in guests[0].disks] == [("xvda", "/dev/vg0/a"), ("?", "nonsense")]
    assert [(i.mac, i.bridge) for i in guests[0].interfaces] == [("00:16:3e:00:00:01", "xenbr0"), (None, None)]
    assert sorted(problems)[0] == "/etc/xen/broken.cfg:1:8: this ' is not closed on its line"
    assert sorted(problems)[1].startswith("/etc/xen/nameless.cfg: it has no name")
    assert sorted(problems)[2].startswith("/etc/xen/xm.cfg:1: this is Python, as xm read it")


def test_a_file_is_read_again_when_it_changed(host: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    path = host.write("/etc/xen/a.cfg", 'name = "a"\n')
    configs = ConfigFiles(host)
    assert configs.read()[0][0].name == "a"
    reads = []
    plain = host.read
    monkeypatch.setattr(host, "read", lambda *a, **k: reads.append(a) or plain(*a, **k))
    assert configs.read()[0][0].name == "a" and not reads
    path.write_text('name = "longer"\n')
    assert configs.read()[0][0].name == "longer" and len(reads) == 1
    path.unlink()
    assert configs.read() == ([], [])


def test_a_name_that_is_no_text(host: FolderHost) -> None:
    host.write("/etc/xen/a.cfg", b'name = "a\xff\x1b[31m"\n')
    assert ConfigFiles(host).read()[0][0].name == "a\udcff\x1b[31m"


def test_autostart(host: FolderHost) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\n')
    links = Autostart(host)
    links.set("/etc/xen/a.cfg", True)
    entry = host.path("/etc/xen/auto/a.cfg")
    assert entry.readlink() == Path("../a.cfg") and entry.read_text() == 'name = "a"\n'
    assert links.entries() == {"/etc/xen/a.cfg": "/etc/xen/auto/a.cfg"}
    assert [r.shell for r in host.log] == ["ln -s -- ../a.cfg /etc/xen/auto/a.cfg"]
    links.set("/etc/xen/a.cfg", False)
    assert not os.path.lexists(entry) and links.entries() == {}
    assert [r.shell for r in host.log][1:] == ["rm -- /etc/xen/auto/a.cfg"]


def test_autostart_takes_nothing_that_is_not_its_own(host: FolderHost) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\n')
    other = host.write("/srv/a.cfg", 'name = "other"\n')
    taken = host.path("/etc/xen/auto/a.cfg")
    taken.parent.mkdir(parents=True)
    taken.symlink_to(other)
    with pytest.raises(ToolstackError, match="is there already"):
        Autostart(host).set("/etc/xen/a.cfg", True)
    assert taken.readlink() == other and list(taken.parent.iterdir()) == [taken]
    taken.unlink()
    taken.symlink_to("../gone.cfg")  # leads nowhere: starts nothing
    Autostart(host).set("/etc/xen/a.cfg", True)
    assert taken.readlink() == Path("../a.cfg")
    host.write("/etc/xen/auto/plain.cfg", 'name = "plain"\n')
    with pytest.raises(ToolstackError, match="is a file and not a link"):
        Autostart(host).set("/etc/xen/auto/plain.cfg", False)


def test_autostart_has_an_order(host: FolderHost) -> None:
    links = Autostart(host)
    for name in ("a", "b", "c"):
        host.write(f"/etc/xen/{name}.cfg", f'name = "{name}"\n')
        links.set(f"/etc/xen/{name}.cfg", True)
    links.place("/etc/xen/c.cfg", 1)
    assert links.order() == [f"/etc/xen/{name}.cfg" for name in "cab"]
    folder = host.path("/etc/xen/auto")
    assert sorted(path.name for path in folder.iterdir()) == ["01-c.cfg", "02-a.cfg", "03-b.cfg"]
    assert [r.shell for r in host.log][3] == "mv -n -T -- /etc/xen/auto/c.cfg /etc/xen/auto/01-c.cfg"
    links.place("/etc/xen/c.cfg", 99)
    assert links.order() == [f"/etc/xen/{name}.cfg" for name in "abc"]
    assert (folder / "03-c.cfg").readlink() == Path("../c.cfg")
    host.write("/etc/xen/z.cfg", 'name = "z"\n')
    links.renamed("/etc/xen/b.cfg", "/etc/xen/z.cfg")
    assert links.order() == [f"/etc/xen/{name}.cfg" for name in "azc"], "another name, the same place"
    links.place("/etc/xen/z.cfg", 2)  # where it is already
    assert sorted(path.name for path in folder.iterdir()) == ["01-a.cfg", "02-z.cfg", "03-c.cfg"]
    with pytest.raises(ToolstackError, match=r"b\.cfg does not start with the host"):
        links.place("/etc/xen/b.cfg", 1)
    host.write("/etc/xen/auto/plain.cfg", 'name = "plain"\n')
    with pytest.raises(ToolstackError, match="is a file and not a link"):
        links.place("/etc/xen/a.cfg", 2)


def test_what_a_link_leads_to() -> None:
    from xentui.host import FileInfo

    entry = "/etc/xen/auto/x.cfg"
    leads = [autostart.target(FileInfo(entry, 0, 0, link)) for link in ("../x.cfg", "/srv/x.cfg", None)]
    assert leads == ["/etc/xen/x.cfg", "/srv/x.cfg", entry]


def test_the_head_of_a_save_file() -> None:
    details = read_details(save_file())
    assert (details.name, details.type, details.vcpus) == ("server02", "pvh", 2)
    assert (details.memory_mib, details.max_memory_mib) == (128, 256)
    assert read_details(save_file(mandatory=0)).name is None  # Xen before 4.5


def test_what_libvirt_saved(host: FolderHost) -> None:
    uuid = "b7bd3543-6385-4be4-a395-2dbcd74f1197"
    xml = f"<domain><name>web</name><uuid>{uuid}</uuid></domain>\0".encode()
    data = struct.pack("<16sII40x", b"libvirt-xml\n \0 \r", 2, len(xml)) + xml + b"\0" * 100_000
    host.write("/var/lib/xen/save/web", data)
    host.write("/var/lib/xen/save/server02", save_file())
    found = {guest.name: (guest.by_libvirt, guest.details.uuid) for guest in SavedGuests(host).list()}
    assert found == {"web": (True, uuid), "server02": (False, CONFIG["c_info"]["uuid"])}
    with pytest.raises(SaveFileError, match="XML"):
        read_details(data[:80])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 100,
        MAGIC,
        save_file()[:60],
        save_file(order=0x04030201),
        save_file(config=[1]),
        save_file().replace(b"c_info", b"c_inf\xff"),
    ],
)
def test_no_save_file(data: bytes) -> None:
    with pytest.raises(SaveFileError):
        read_details(data)


def test_saved_guests_here_and_elsewhere(host: FolderHost) -> None:
    host.write("/var/lib/xen/save/server02", save_file())
    host.write("/var/lib/xen/save/failed", save_file(memory=100))  # what xl leaves of a failed save
    host.write("/var/lib/xen/save/notes.txt", "x" * 100_000)
    host.write("/srv/other", save_file({"c_info": {"name": "other"}}))
    guests = SavedGuests(host)
    assert [(g.name, g.path) for g in guests.list()] == [("server02", "/var/lib/xen/save/server02")]
    guests.saved("/srv/other")
    host.write("/srv/not-ours", save_file())
    assert {g.path for g in SavedGuests(host).list()} == {"/var/lib/xen/save/server02", "/srv/other"}  # remembered


def test_a_restored_file_is_used_until_it_is_written_again(host: FolderHost) -> None:
    path = host.write("/var/lib/xen/save/server02", save_file())
    SavedGuests(host).restored("/var/lib/xen/save/server02")
    guests = SavedGuests(host)
    assert guests.list() == []
    info = savefiles.stat(host, "/var/lib/xen/save/server02")
    assert info is not None and guests.is_used(info)
    os.utime(path, (1, 1))  # saved again
    assert [g.name for g in guests.list()] == ["server02"]


def test_of_several_saves_of_a_guest_only_the_last_counts(host: FolderHost) -> None:
    for when, name in ((100, "a"), (200, "b"), (300, "c")):
        os.utime(host.write(f"/var/lib/xen/save/{name}", save_file()), (when, when))
    guests = SavedGuests(host)
    assert [g.path[-1] for g in guests.list()] == ["c"]
    guests.restored("/var/lib/xen/save/c")
    assert guests.list() == []  # not b: it is older still
    assert [g.path[-1] for g in SavedGuests(host).every()] == ["a", "b", "c"]


def test_who_was_seen_to_run_after_it_was_saved_is_off_when_it_ends(host: FolderHost) -> None:
    """However it was started: xentui need not have done it."""
    os.utime(host.write("/var/lib/xen/save/server02", save_file()), (100, 100))
    host.write("/etc/xen/server02.cfg", 'name = "server02"\n')

    def seen(row: str) -> str:
        said = f"printf 'Name ID Mem VCPUs State Time(s)\\n{row}'"
        host.program("xl", f'case "$*" in list) {said};; "list -l") echo "[]";; *) echo "host : x";; esac')
        inventory = Inventory(host)
        inventory.libvirt = inventory._libvirt_source = None  # this machine's
        [domain] = inventory.snapshot().domains
        return domain.state.value

    for state, ended in (("---s--", "saved"), ("-b----", "off")):
        assert seen(f"server02 3 128 1 {state} 1.0\\n") not in ("saved", "off")
        assert seen("") == ended


def test_a_broken_memory_of_saved_guests_is_forgotten(host: FolderHost) -> None:
    guests = SavedGuests(host)
    guests._file.parent.mkdir(parents=True)
    for text in ("{", "[]", '{"used": 3}', '{"elsewhere": null}'):
        guests._file.write_text(text)
        assert SavedGuests(host).list() == []


def test_a_save_file_read_through_a_program(host: FolderHost) -> None:
    """As over ssh: the carriage return in the magic must come through."""
    data = save_file()
    path = host.write("/data", data)
    host.program("head", f"exec /usr/bin/head -c 4096 {path}")
    said = host.run(["head"], deadline=180, record=False).stdout
    assert said.encode("utf-8", "surrogateescape") == data[:4096]
