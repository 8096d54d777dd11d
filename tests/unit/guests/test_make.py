"""Making guests: what is written, what is refused, and that nothing is left of one that failed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from guest_site import PVH_GRUB, GuestHost

from xentui.domains.domain import Disk, Domain, State
from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.files import parse_memory, parse_size, shown_size
from xentui.guests.likeness import wish_like
from xentui.guests.make import make, plan
from xentui.guests.spec import parse_disk_wish
from xentui.guests.wishes import spec_of
from xentui.guests.work import Step, Work
from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity
from xentui.xlcfg.parser import parse


def test_a_busybox_guest(host: GuestHost) -> None:
    said = host.create("small", source="busybox", vcpus="2", autostart=True, disk=["64M"])
    config = parse(host.config("small"))
    assert config.string("name") == "small"
    assert config.string("type") == "pvh"
    assert config.number("memory") == 128 and config.number("vcpus") == 2
    assert config.string("kernel") == "/boot/vmlinuz"
    assert config.string("cmdline") == "console=hvc0 quiet guest=small"
    assert config.strings("disk") == ["format=raw, vdev=xvda, access=rw, target=/srv/xen/small-disk.img"]
    assert host.path("/srv/xen/small-disk.img").stat().st_size == 64 << 20
    assert host.path("/etc/xen/auto/small.cfg").resolve() == host.path("/etc/xen/small.cfg")
    assert any("livexen" in line for line in said)
    manifest = json.loads(host.path("/var/lib/xentui/guests/small.json").read_text())
    assert manifest["complete"] is True
    assert [item["path"] for item in manifest["made"]] == [
        "/srv/xen/small-disk.img", "/etc/xen/small.cfg", "/etc/xen/auto/small.cfg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"source": "busybox"}, "pvh"),
        ({"source": "busybox", "type": "pv"}, "pv"),
        ({"source": "kernel", "kernel": "/boot/vmlinuz", "type": "hvm"}, "hvm"),
        ({"source": "kernel", "kernel": "/boot/vmlinuz", "initrd": "/boot/initrd.img", "append": 'a="b c"'}, "pvh"),
        ({"cd": "/srv/xen/it's a cd.iso", "windows": True, "drivers": "/srv/xen/pv.iso", "size": "1M"}, "hvm"),
        ({"cd": "/srv/xen/pv.iso", "size": "1M"}, "hvm"),
    ],
)
def test_what_is_written_is_what_xl_takes(host: GuestHost, wish: dict[str, str | bool | list[str]], kind: str) -> None:
    host.write("/srv/xen/it's a cd.iso", "x")
    host.write("/srv/xen/pv.iso", "x")
    host.create("guest", **wish)
    text = host.config("guest")
    assert [found for found in check(text) if found.severity is not Severity.INFO] == []
    assert parse(text).string("type") == kind


def test_windows_has_its_cds(host: GuestHost) -> None:
    host.write("/srv/xen/win.iso", "x")
    host.write("/srv/xen/pv.iso", "x")
    host.create("win", cd="/srv/xen/win.iso", windows=True, drivers="/srv/xen/pv.iso", size="1M")
    config = parse(host.config("win"))
    assert [disk.partition("vdev=")[2].partition(",")[0] for disk in config.strings("disk")] == ["hda", "hdc", "hdd"]
    assert config.number("viridian") == 1 and config.string("hdtype") is None
    assert config.strings("vif")[0].endswith(",bridge=xenbr0,model=e1000")
    assert wish_like(host.site, "win").settings == "", "that is what it was made with"
    assert (config.number("vnc"), config.string("vnclisten")) == (1, "127.0.0.1")


@pytest.mark.parametrize(
    "path", ["/srv/xen/it's.img", '/srv/xen/say "hi".img', "/srv/xen/a, b.img", "/srv/xen/back\\slash"]
)
def test_odd_paths_are_quoted(host: GuestHost, path: str) -> None:
    host.write(path, "x")
    host.create("odd", disk=[path], type="pvh")
    from xentui.xlcfg.diskspec import parse_disk

    [disk] = parse(host.config("odd")).strings("disk")
    assert parse_disk(disk).target == path


@pytest.mark.parametrize(
    ("name", "wish", "words"),
    [
        ("small", {"source": "busybox"}, "There is a guest small already"),
        ("new", {"source": "bread"}, "is no source"),
        ("new", {}, "Say where its system comes from"),
        ("new", {"source": "busybox", "type": "hvm"}, "makes no hvm guest"),
        ("new", {"source": "busybox", "memory": "64M"}, "are too little"),
        ("new", {"source": "busybox", "memory": "lots"}, "is no size"),
        ("new", {"source": "busybox", "suite": "sid"}, "goes with --source debian"),
        ("new", {"source": "busybox", "disk": ["/srv/xen/small-disk.img"]}, "small has it in its configuration"),
        ("new", {"source": "busybox", "disk": ["/srv/xen/link.img"]}, "small has it in its configuration"),
        ("new", {"source": "busybox", "disk": ["/srv/xen/none.img"]}, "is not there"),
        ("new", {"source": "busybox", "disk": ["size=1M,path=/srv/xen/small-disk.img"]}, "is there already"),
        ("new", {"source": "busybox", "disk": ["size=1M,path=/a\nb"]}, "control characters"),
        ("new", {"source": "busybox", "disk": ["9000T"]}, "are needed there"),
        ("new", {"source": "busybox", "disk": ["8"]}, "is no size"),
        ("new", {"source": "busybox", "bridge": "a b"}, "no name of a bridge"),
        ("new", {"source": "busybox", "mac": "01:00:00:00:00:00"}, "an address for many"),
        ("new", {"source": "busybox", "vcpus": "0"}, "vCPUs"),
        ("new", {"source": "busybox", "vcpus": "129"}, "from 1 to 128"),
        ("new", {"source": "busybox", "lvm": "vg0"}, "--lvm vg0 is for new disks, and this guest gets none"),
        ("7", {"source": "busybox"}, "digits only"),
        ("a/b", {"source": "busybox"}, "is no name for a guest"),
        ("../a", {"source": "busybox"}, "is no name for a guest"),
        ("-rf", {"source": "busybox"}, "is no name for a guest"),
        ("new", {"source": "debian", "boot": "own", "type": "pv"}, "makes no pv guest"),
        ("new", {"disk": ["/srv/xen/spare.img"], "type": "pv"}, "makes no pv guest"),
        ("new", {"source": "debian", "package": ["a;b"]}, "is no name of a package"),
        ("new", {"source": "debian", "user": ["root"]}, "root is there anyway"),
        ("new", {"source": "debian", "ip": "192.0.2.1"}, "192.0.2.1/24"),
        ("new", {"source": "debian", "ssh-key": ["/srv/xen/spare.img"]}, "no public ssh key"),
    ],
)  # fmt: skip
def test_what_is_refused(host: GuestHost, name: str, wish: dict[str, str | bool | list[str]], words: str) -> None:
    host.create("small", source="busybox", disk=["1M"])
    host.path("/srv/xen/link.img").symlink_to("small-disk.img")
    host.write("/srv/xen/spare.img", "x")
    before = host.files()
    site = host.site
    with pytest.raises(GuestError, match=words):
        plan(site, spec_of(site, name, wish))
    assert host.files() == before


def test_a_machine_without_hvm_gets_pv_guests(tmp_path: Path) -> None:
    host = GuestHost(tmp_path, hvm=False)
    host.create("small", source="busybox")
    assert parse(host.config("small")).string("type") == "pv"
    with pytest.raises(GuestError, match="Choose --type pv"):
        host.create("other", source="busybox", type="pvh")


def test_a_disk_that_a_running_guest_writes_to_is_not_shared(host: GuestHost) -> None:
    host.write("/srv/xen/a.img", "x")
    disk = Disk("xvda", "/srv/xen/a.img", "raw")
    host.running.append(Domain("busy", id=3, state=State.BLOCKED, disks=(disk,)))
    with pytest.raises(GuestError, match="busy runs with it"):
        host.create("new", disk=["/srv/xen/a.img,ro"], source="busybox")
    host.running[0] = replace(host.running[0], disks=(replace(disk, writable=False),))
    host.create("new", disk=["/srv/xen/a.img,ro"], source="busybox")  # both only read it


def test_a_missing_kernel_names_the_package(host: GuestHost) -> None:
    host.path(PVH_GRUB).unlink()
    host.write("/srv/xen/a.img", "x")
    with pytest.raises(GuestError, match="apt-get install grub-xen-host"):
        host.create("new", disk=["/srv/xen/a.img"])


def with_step(host: GuestHost, step: Step) -> tuple[str, ...]:
    """A plan whose third step is `step`; gives what was said."""
    site, said = host.site, list[str]()
    made = plan(site, spec_of(site, "new", {"source": "busybox", "disk": ["1M"], "autostart": True}))
    make(site, replace(made, steps=(*made.steps[:2], step, *made.steps[2:])), said.append)
    return tuple(said)


def test_nothing_is_left_of_a_guest_that_failed(host: GuestHost) -> None:
    before = host.files()
    seen: set[str] = set()

    def fail(_work: object) -> None:
        seen.update(host.files())
        raise GuestError("The sky fell.")

    with pytest.raises(GuestError, match=r"The sky fell\. Nothing of it is left\."):
        with_step(host, Step("fail", fail))
    assert {"srv/xen/new-disk.img", "etc/xen/new.cfg", "var/lib/xentui/guests/new.json"} <= seen
    assert host.files() == before


def test_a_failed_tool_is_quoted(host: GuestHost) -> None:
    host.program("sometool", 'for n in $(seq 30); do echo "line $n"; done; echo "the \033[31mreason" >&2; exit 7')

    def run(work: Work) -> None:
        work.run(["sometool", "x"], deadline=180)

    with pytest.raises(GuestError, match=r"sometool ended with status 7") as failed:
        with_step(host, Step("run it", run))
    assert "line 30" in failed.value.details and "line 2\n" not in failed.value.details
    assert "\033" not in failed.value.details and "\\x1b[31mreason" in failed.value.headline


def test_cancelled_half_way(host: GuestHost) -> None:
    before = host.files()
    site = host.site
    made = plan(site, spec_of(site, "new", {"source": "busybox", "disk": ["1M"]}))
    cancel = threading.Event()
    host.program("forever", "exec sleep 600")

    def wait(work: Work) -> None:
        cancel.set()
        work.run(["forever"], deadline=600)

    with pytest.raises(GuestCancelledError, match="Nothing of it is left"):
        make(site, replace(made, steps=(*made.steps, Step("wait", wait))), cancel=cancel)
    assert host.files() == before


WISHES: list[dict[str, str | bool | list[str]]] = [
    {"source": "busybox", "disk": ["1M", "size=1M,format=qcow2", "size=1M,vg=vg0"], "autostart": True},
    {"source": "image", "image": "/srv/from.img", "disk": ["2M"], "autostart": True},
    {"source": "installer", "size": "1M", "autostart": True},
]


#: It makes the file before its last argument, and says what is in one.
QEMU_IMG = """case "$1" in
create) while [ $# -gt 2 ]; do shift; done; : > "$1";;
info) echo '{"format": "raw", "virtual-size": 1048576}';;
esac"""


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish["source"])
@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_whichever_step_it_ends_at_nothing_is_left(
    host: GuestHost, monkeypatch: pytest.MonkeyPatch, wish: dict[str, str], how: str
) -> None:
    monkeypatch.setattr("xentui.guests.site.shutil.which", lambda tool: tool)
    host.write("/srv/from.img", b"\0" * (1 << 20))
    for name in ("linux", "initrd.gz"):
        host.write(f"/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/{name}", "x")
    host.program("vgs", "echo 9999999")
    host.program("lvs", 'case "$*" in *lv_tags*) echo xentui;; *) exit 5;; esac')
    host.program("lvremove", "exit 0")
    host.program("lvcreate", "exit 0")
    host.program("qemu-img", QEMU_IMG)
    site, before = host.site, host.files()
    made = plan(site, spec_of(site, "new", wish))
    for number in range(len(made.steps)):
        cancel = threading.Event()

        def ends(work: Work, step: Step = made.steps[number], cancel: threading.Event = cancel) -> None:
            step.do(work)
            cancel.set()
            if how == "failed":
                raise GuestError("It broke.")

        steps = list(made.steps)
        steps[number] = Step("ends here", ends)
        with pytest.raises(GuestError, match="Nothing of it is left"):
            make(host.site, replace(made, steps=tuple(steps)), cancel=cancel)
        assert host.files() == before
    assert len(host.calls("lvcreate")) == len(host.calls("lvremove"))


def test_sizes() -> None:
    assert parse_size("8G") == parse_size("8GiB") == parse_size("8gb") == 8 << 30
    assert parse_memory("512") == parse_memory("512M") == 512
    assert shown_size(3 << 29) == "1.5 GiB" and shown_size(1 << 20) == "1 MiB"
    for wrong in ("", "G", "8", "-1G", "1.5G", "0G", "٣G", "9" * 400 + "G"):
        with pytest.raises(GuestError):
            parse_size(wrong)


def test_disk_wishes() -> None:
    assert parse_disk_wish("/dev/vg/a b,ro").path == "/dev/vg/a b"
    assert parse_disk_wish("size=1G,format=qcow2,path=/x.qcow2").format == "qcow2"
    for wrong in ("size=1G,vg=a/b", "vg=a", "size=1G,format=iso", "size=1G,colour=red", "path=relative"):
        with pytest.raises(GuestError):
            parse_disk_wish(wrong)
