"""The small guests: an initramfs that cpio reads, config files that xl takes."""

from __future__ import annotations

import gzip
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from xentui.livecd.base import Base
from xentui.livecd.cpio import Initramfs
from xentui.livecd.guests import AUTOSTARTED, INITRAMFS, NAMES, add_guests, config, disk_of
from xentui.livecd.tools import Builder
from xentui.xlcfg.check import check

ROOTFS = Path(__file__).parents[3] / "xentui/livecd/rootfs"


def entries(packed: bytes) -> dict[str, tuple[int, bytes]]:
    """Read a newc archive as the kernel does: name to (mode, data), up to the trailer."""
    data, at, found = gzip.decompress(packed), 0, {}
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        name = data[at + 110 : at + 110 + length - 1].decode()
        start = (at + 110 + length + 3) & ~3
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, data[start : start + size])
        at = (start + size + 3) & ~3


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """tar2sqfs is not everywhere where the tests run: what it is given is kept instead."""
    made = Builder(tmp_path / "build.log", say=lambda _line: None)
    made.run = lambda argv, *, stdin, **_: shutil.copyfile(stdin, argv[-1])  # type: ignore[method-assign,assignment]
    return made


@pytest.fixture
def base(tmp_path: Path) -> Base:
    base = Base(tmp_path / "base")
    base.guest.mkdir(parents=True)
    (base.guest / "busybox").write_bytes(b"\x7fELF busybox")
    (base.guest / "xen-netfront.ko").write_bytes(b"module")
    return base


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5])
def test_every_length_of_name_and_data_is_padded(length: int) -> None:
    image = Initramfs()
    image.folder("bin")
    image.file("bin/" + "x" * (length + 1), b"y" * length, 0o755)
    image.link("sh", "bin/x")
    found = entries(image.packed())
    assert stat.S_ISDIR(found["bin"][0])
    assert found["bin/" + "x" * (length + 1)] == (stat.S_IFREG | 0o755, b"y" * length)
    assert found["sh"] == (stat.S_IFLNK | 0o777, b"bin/x")


def test_the_initramfs_has_what_the_kernel_starts(base: Base, tmp_path: Path, builder: Builder) -> None:
    add_guests(builder, tmp_path / "root", base)
    found = entries((tmp_path / "root" / INITRAMFS).read_bytes())
    assert found["init"][1].startswith(b"#!/bin/busybox sh\n")
    assert found["init"][0] & 0o111
    assert found["bin/busybox"][1] == b"\x7fELF busybox"
    assert found["lib/modules/xen-netfront.ko"][1] == b"module"
    assert b"hvc0::respawn:/sbin/getty" in found["etc/inittab"][1]
    for number in range(len(found["etc/shadow"][1].splitlines())):
        assert found["etc/shadow"][1].splitlines()[number].count(b":") == 8


def test_the_same_inputs_give_the_same_bytes(base: Base, tmp_path: Path, builder: Builder) -> None:
    for name in ("one", "two"):
        add_guests(builder, tmp_path / name, base)
    for made in (INITRAMFS, disk_of("server"), disk_of("client")):
        assert (tmp_path / "one" / made).read_bytes() == (tmp_path / "two" / made).read_bytes()


def test_servers_share_one_disk_and_clients_another_read_only(base: Base, tmp_path: Path, builder: Builder) -> None:
    root = tmp_path / "root"
    add_guests(builder, root, base)
    configs = {name: (root / f"etc/xen/{name}.cfg").read_text() for name in NAMES}
    disks = {name: text.partition("target=/")[2].partition('"')[0] for name, text in configs.items()}
    assert disks["server01"] == disks["server02"] != disks["client01"] == disks["client02"]
    assert all("access=r," in text for text in configs.values())
    for name in NAMES:
        with tarfile.open(root / disks[name]) as disk:
            assert disk.getmember("home/livexen").uid == 1000
            assert disk.getmember("bin/busybox").mode == 0o4755
            assert ("usr/bin/look" in disk.getnames()) == name.startswith("client")


def test_with_qemu_in_dom0_only_the_clients_have_screens_and_only_dom0_sees_them(
    base: Base, tmp_path: Path, builder: Builder
) -> None:
    root = tmp_path / "root"
    add_guests(builder, root, base, screens=True)
    with_screen = {path.stem for path in (root / "etc/xen").glob("*.cfg") if "vnclisten=127.0.0.1" in path.read_text()}
    assert with_screen == {"client01", "client02"}
    for name in with_screen:
        assert check((root / f"etc/xen/{name}.cfg").read_text()) == []
    assert b"tty1::respawn:/etc/screen\n" in entries((root / INITRAMFS).read_bytes())["etc/inittab"][1]


def test_libvirt_is_told_of_the_four_and_starts_two(base: Base, tmp_path: Path, builder: Builder) -> None:
    """The script, with a virsh, an xl and a timeout that only say what they were asked."""
    root = tmp_path / "root"
    add_guests(builder, root, base)
    assert list((root / "etc/xen/auto").iterdir()) == []
    unit = root / "etc/systemd/system/multi-user.target.wants/xenlive-guests.service"
    assert str(unit.readlink()) == "../xenlive-guests.service"
    script = (ROOTFS / "usr/lib/xentui/start-domUs").read_text()
    script = script.replace("/etc/xen/", f"{root}/etc/xen/").replace("/proc/xen/capabilities", str(tmp_path / "dom0"))
    script = script.replace("/var/lib/xentui/", f"{root}/var/lib/xentui/")
    assert f"in {' '.join(NAMES)};" in script and all(name.endswith("01") for name in AUTOSTARTED)
    (tmp_path / "dom0").write_text("control_d\n")

    def run(fails: str) -> list[str]:
        log = tmp_path / "log"
        log.write_text("")
        fakes = (
            f'say() {{ echo "$*" >>{log}; case "$*" in {fails}) return 1 ;; esac; }}\n'
            'timeout() { shift 5; say virsh "$@"; }\nxl() { say xl "$@"; }\n'
        )
        subprocess.run(["sh", "-c", fakes + script], check=False, timeout=60)
        return log.read_text().splitlines()

    told = [line.replace(str(root), "") for line in run("*dominfo*")]
    assert [line.split()[-1] for line in told if "domxml" in line] == [f"/etc/xen/{name}.cfg" for name in NAMES]
    assert [line for line in told if "virsh start" in line] == [f"virsh start {name}" for name in AUTOSTARTED]
    assert not [line for line in told if line.startswith("xl ")]
    assert run("*dominfo*") == []  # a definition that its owner took away is not made again
    shutil.rmtree(root / "var/lib/xentui")
    # Its owner's definitions stay; without libvirt, xl starts the two.
    assert run("nothing") == [f"virsh dominfo {name}" for name in NAMES]
    without = [line for line in run("virsh*|xl\\ list*") if line.startswith("xl create")]
    assert [Path(line.split()[-1]).stem for line in without] == list(AUTOSTARTED)


def test_two_of_the_four_start_with_dom0_by_xl_alone(base: Base, tmp_path: Path, builder: Builder) -> None:
    root = tmp_path / "root"
    add_guests(builder, root, base, xl_alone=True)
    assert sorted(path.stem for path in (root / "etc/xen").glob("*.cfg")) == sorted(NAMES)
    assert not (root / "etc/systemd/system").exists()
    links = list((root / "etc/xen/auto").iterdir())
    assert sorted(path.stem for path in links) == sorted(AUTOSTARTED)
    assert all(path.resolve().is_file() for path in links)


def test_no_two_guests_share_an_address_or_a_uuid() -> None:
    for key in ("vif", "uuid"):
        values = {
            line for n, name in enumerate(NAMES, 1) for line in config(name, n).splitlines() if line.startswith(key)
        }
        assert len(values) == len(NAMES)
