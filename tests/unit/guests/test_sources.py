"""Sources that call tools: images through the real qemu-img, Debian through a stand-in for mmdebstrap, a full disk."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Domain, State
from xentui.domains.listing import domain_details
from xentui.domains.screen import vnc_port
from xentui.domains.xl import Xl
from xentui.guests import rename
from xentui.guests.errors import GuestError
from xentui.guests.make import at_first, plan
from xentui.guests.sources import debian
from xentui.guests.sources.debian_tree import Network
from xentui.guests.sources.installer import awaits_installer, installer_of
from xentui.guests.wishes import spec_of
from xentui.livecd.mirror import Mirror
from xentui.livecd.tools import BuildError
from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity
from xentui.xlcfg.parser import Config, parse

qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (qemu-utils)")


@qemu_img
@pytest.mark.parametrize("form", ["raw", "qcow2", "vmdk", "vhdx"])
def test_an_image_is_copied_whatever_its_form(host: GuestHost, form: str) -> None:
    data = os.urandom(1 << 20) + bytes(3 << 20)
    raw = host.write("/srv/xen/raw", data)
    image = host.path(f"/srv/xen/it's an image.{form}")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", form, raw, image], check=True, timeout=180)
    host.create("copy", image=f"/srv/xen/it's an image.{form}", type="hvm", size="8M")
    copy = host.path("/srv/xen/copy-disk.img").read_bytes()
    assert copy[: len(data)] == data and len(copy) == 8 << 20
    assert image.exists()
    assert parse(host.config("copy")).string("boot") == "c"


@qemu_img
def test_an_image_that_draws_on_another_file_is_refused(host: GuestHost) -> None:
    secret = host.write("/etc/shadow", "root:secret".ljust(512))
    image = host.path("/srv/xen/evil.qcow2")
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(secret), str(image)]
    subprocess.run(argv, check=True, timeout=180)
    with pytest.raises(GuestError, match="is only a part"):
        host.create("copy", image="/srv/xen/evil.qcow2")


@qemu_img
def test_a_file_that_is_no_image_is_refused(host: GuestHost) -> None:
    host.write("/srv/xen/readme.txt", "not a disk\n")
    with pytest.raises(GuestError, match="is no disk image"):
        host.create("copy", image="/srv/xen/readme.txt", type="hvm")


def test_an_image_larger_than_its_disk_is_refused(host: GuestHost) -> None:
    host.write("/srv/xen/raw", bytes(4 << 20))
    with pytest.raises(GuestError, match="are too little for it"):
        host.create("copy", image="/srv/xen/raw", size="1M")


@pytest.fixture
def small_disk(host: GuestHost) -> Iterator[str]:
    """A file system of 8 MiB on the host."""
    place = host.path("/srv/small")
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=False, timeout=180)
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small file system to fill")
    yield "/srv/small"
    subprocess.run(["umount", str(place)], check=True, timeout=180)


@qemu_img
def test_a_disk_that_fills_up_half_way_leaves_nothing(host: GuestHost, small_disk: str) -> None:
    host.write("/srv/xen/raw", os.urandom(12 << 20))
    wish: dict[str, str | bool | list[str]] = {"image": "/srv/xen/raw", "dir": small_disk}
    with pytest.raises(GuestError, match="12 MiB are needed there and 8 MiB are free"):
        host.create("copy", **wish)
    before = host.files()
    with pytest.raises(GuestError, match="No space left") as full:
        host.create("copy", **wish, overcommit=True)
    assert "Nothing of it is left" in full.value.headline
    assert host.files() == before
    assert list(host.path(small_disk).iterdir()) == []


# Debian, with a stand-in for mmdebstrap: what it is asked for, and what is written into its tree.

MMDEBSTRAP = """\
for word; do case "$word" in */root) root=$word;; --customize-hook=*) hooks="$hooks ${word#*=}";; esac; done
mkdir -p "$root/etc/default" "$root/sbin" "$root/boot" "$root/usr/lib/modules"
touch "$root/sbin/init" "$root/boot/vmlinuz-6" "$root/boot/initrd.img-6"
ln -s boot/vmlinuz-6 "$root/vmlinuz"; ln -s boot/initrd.img-6 "$root/initrd.img"
for hook in $hooks; do "$hook" "$root" || exit 1; done
"""
#: chroot in the hooks: it writes down what it is asked for.
CHROOT = 'case "$*" in *getent*) echo "u:x:1:1:u:/home/u:/bin/sh";; *chpasswd*) cat > /dev/null;; esac'


@pytest.fixture
def debian_host(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> GuestHost:
    host.program("unshare", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    host.program("mmdebstrap", MMDEBSTRAP)
    host.program("chroot", CHROOT)
    monkeypatch.setattr(debian, "own_mirror", lambda: Mirror("http://mirror.test/debian"))
    monkeypatch.setattr(debian, "SCRATCH_BYTES", 1 << 20)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda tool: tool)
    monkeypatch.setattr(debian, "_scratch", lambda spec: str(host.folder / "scratch"))
    return host


def test_debian_is_asked_for_and_furnished(debian_host: GuestHost) -> None:
    host = debian_host
    host.write("/srv/xen/key.pub", "ssh-ed25519 AAAA me\n")
    host.write("/srv/xen/a role.sh", '#!/bin/sh\necho "role in $1" > "$1/etc/role"\n')
    said = host.create(
        "deb", source="debian", size="64M", swap="1M", package=["htop"], user=["ann"], ssh_key=["/srv/xen/key.pub"],
        role=["/srv/xen/a role.sh"], locale="de_DE.UTF-8", ip="192.0.2.5/24", gateway="192.0.2.1",
        nameserver=["192.0.2.2"],
    )  # fmt: skip
    [asked] = host.calls("mmdebstrap")
    assert ",htop,locales " in asked and "linux-image-amd64" in asked
    assert "trixie" in asked and "deb http://mirror.test/debian trixie main" in asked
    assert "useradd --create-home --shell /bin/bash --groups sudo ann" in "\n".join(host.calls("chroot"))
    assert not (host.folder / "scratch").exists()

    image = host.path("/srv/xen/deb-disk.img")
    assert read(image, "/etc/hostname") == "deb\n"
    assert read(image, "/etc/fstab").splitlines() == [
        "LABEL=root / ext4 defaults,errors=remount-ro 0 1", "/dev/xvdb none swap sw 0 0",
    ]  # fmt: skip
    network = read(image, "/etc/systemd/network/20-wired.network")
    assert "Address=192.0.2.5/24\nGateway=192.0.2.1\nDNS=192.0.2.2" in network
    assert "linux /vmlinuz root=LABEL=root" in read(image, "/boot/grub/grub.cfg")
    assert "DefaultDeviceTimeoutSec=10min" in read(image, "/etc/systemd/system.conf.d/slow-hosts.conf")
    assert 'ATTR{online}="1"' in read(image, "/etc/udev/rules.d/80-vcpus.rules")
    assert read(image, "/etc/.updated") == read(image, "/var/.updated") != ""
    assert '"/dev/null"' in read(image, "/etc/systemd/system-generators/systemd-ssh-generator", "stat")
    assert "role in" in read(image, "/etc/role")
    assert read(image, "/home/u/.ssh/authorized_keys") == "ssh-ed25519 AAAA me\n"
    assert read(image, "/etc/locale.gen") == "de_DE.UTF-8 UTF-8\n"
    assert host.path("/srv/xen/deb-swap.img").read_bytes()[4086:4096] == b"SWAPSPACE2"
    password = next(line for line in said if "password" in line).split(" is ")[1].split()[0]
    assert len(password) == 12
    manifest = host.path("/var/lib/xentui/guests/deb.json").read_text()
    assert password not in manifest and password not in host.config("deb")


def test_only_its_own_swap_is_formatted(debian_host: GuestHost) -> None:
    """A disk that is there may be called as its swap would be."""
    debian_host.write("/srv/xen/old-swap.img", "precious")
    wish: dict[str, str | bool | list[str]] = {"source": "debian", "disk": ["64M", "/srv/xen/old-swap.img"]}
    for swap, wanted in ("", []), ("1M", ["mkswap -q -L swap /srv/xen/deb-swap.img"]):
        made = plan(debian_host.site, spec_of(debian_host.site, "deb", {**wish, **({"swap": swap} if swap else {})}))
        assert [line for step in made.steps for line in step.by_hand if "mkswap" in line] == wanted


def test_a_gateway_is_one_that_the_guest_can_reach() -> None:
    for address, gateway, wrong in (
        ("192.0.2.5/24", "192.0.2.1", None),
        ("192.0.2.5/24", "192.0.3.1", "192.0.3.1 is not in the guest's network 192.0.2.0/24"),
        ("192.0.2.5/24", "2001:db8::1", "is not in the guest's network"),
        ("192.0.2.5/24", "192.0.2.5", "is the guest's own address"),
        ("192.0.2.5/32", "198.51.100.1", None),
        ("2001:db8::5/64", "fe80::1", None),
        ("2001:db8::5/64", "2001:db9::1", "2001:db8::5/128"),
        ("", "192.0.2.1", "--gateway goes with --ip"),
    ):
        said = Network(address, gateway).complaint()
        assert said is None if wrong is None else wrong in (said or ""), (address, gateway, said)
    assert "--nameserver goes with --ip" in (Network(nameservers=("192.0.2.1",)).complaint() or "")
    alone = Network("192.0.2.5/32", "198.51.100.1", ("192.0.2.2",)).text()
    assert alone.endswith("Address=192.0.2.5/32\nDNS=192.0.2.2\n\n[Route]\nGateway=198.51.100.1\nGatewayOnLink=yes\n")
    assert "Address=192.0.2.5/24\n" in Network("192.0.2.5/255.255.255.0").text()


def test_on_a_live_cd_dom0s_initrd_is_the_mediums(debian_host: GuestHost) -> None:
    debian_host.path("/boot/initrd.img").unlink()
    wish: dict[str, str | bool | list[str]] = {"source": "debian", "size": "64M", "type": "pv"}

    def planned() -> Config:
        return parse(plan(debian_host.site, spec_of(debian_host.site, "deb", wish)).config)

    with pytest.raises(GuestError, match="dom0's initrd"):
        planned()
    debian_host.write("/run/live/medium/live/initrd.img", "x")
    assert planned().string("kernel") == "/boot/vmlinuz"
    assert planned().string("ramdisk") == "/run/live/medium/live/initrd.img"


def read(image: Path, path: str, command: str = "cat") -> str:
    """A file in an ext4 image, or what another command of debugfs says of it."""
    argv = ["debugfs", "-R", f"{command} {path}", str(image)]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=180).stdout


def test_a_mirror_that_fails(debian_host: GuestHost) -> None:
    before = debian_host.files()
    debian_host.program("mmdebstrap", "echo 'E: apt-get update: Could not resolve host' >&2; exit 25")
    with pytest.raises(GuestError, match=r"ended with status 25: E: apt-get update: Could not resolve") as failed:
        debian_host.create("deb", source="debian", size="64M", mirror="http://nowhere.test/debian")
    assert "Nothing of it is left" in failed.value.headline
    assert debian_host.files() == before and not (debian_host.folder / "scratch").exists()


def test_a_role_that_fails_and_a_kernel_that_is_missing(debian_host: GuestHost) -> None:
    before = {"srv/xen/bad.sh"}
    debian_host.write("/srv/xen/bad.sh", "#!/bin/sh\necho no >&2\nexit 3\n")
    with pytest.raises(GuestError, match="ended with status 1: no"):
        debian_host.create("deb", source="debian", size="64M", role=["/srv/xen/bad.sh"])
    debian_host.program("mmdebstrap", MMDEBSTRAP + 'rm "$root/boot/vmlinuz-6"')
    with pytest.raises(GuestError, match="has no /vmlinuz"):
        debian_host.create("deb", source="debian", size="64M")
    assert debian_host.files() == before


def test_a_file_system_too_small_for_the_tree(debian_host: GuestHost) -> None:
    before = debian_host.files()
    debian_host.program("mmdebstrap", MMDEBSTRAP + 'head -c 3000000 /dev/urandom > "$root/big"')
    with pytest.raises(GuestError, match="mke2fs ended with status 1"):
        debian_host.create("deb", source="debian", size="2M")
    assert debian_host.files() == before


def test_no_mirror_at_all(debian_host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Mirror:
        raise BuildError("This machine's apt has no Debian archive among its sources. Name one: --mirror X")

    monkeypatch.setattr(debian, "own_mirror", none)
    with pytest.raises(GuestError, match=r"no Debian archive among its sources\. Name one: --mirror URI$"):
        debian_host.create("deb", source="debian")


def test_the_installer_has_two_configurations(host: GuestHost) -> None:
    images = "/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64"
    with pytest.raises(GuestError, match="apt-get install debian-installer-13-netboot-amd64"):
        host.create("deb", source="installer", size="1M")
    host.write(f"{images}/linux", "x")
    host.write(f"{images}/initrd.gz", "x")
    said = host.create("deb", source="installer", size="1M", preseed="http://192.0.2.1/p.cfg")
    install = parse(host.path("/var/lib/xentui/guests/deb.install.cfg").read_text())
    assert install.string("kernel") == f"{images}/linux"
    assert "preseed/url=http://192.0.2.1/p.cfg" in (install.string("cmdline") or "")
    assert install.string("on_reboot") == "destroy"
    own = parse(host.config("deb"))
    assert own.strings("disk") == install.strings("disk") and own.strings("vif") == install.strings("vif")
    assert said[0] == "The installer is started by: xentui install deb (b in the table)"
    wishes = ({"source": "installer", "size": "1M"}, {"source": "busybox"})
    started = [
        at_first(plan(host.site, spec_of(host.site, "new", wish)), Domain("new", config_file="/etc/xen/new.cfg"))
        for wish in wishes
    ]
    files = [domain.config_file for domain in started]
    assert files == ["/var/lib/xentui/guests/new.install.cfg", "/etc/xen/new.cfg"], "its disk is empty still"


def test_its_installer_boots_it_by_its_new_name(host: GuestHost) -> None:
    for name in ("linux", "initrd.gz"):
        host.write(f"/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/{name}", "x")
    host.create("deb", source="installer", size="1M")
    site = host.site
    rename.rename(site, rename.plan(site, "deb", "new"), Xl(host))
    path = installer_of(host.site, "new")
    assert parse(host.path(path).read_text()).string("name") == "new"
    with pytest.raises(GuestError, match="deb was not made for the Debian Installer"):
        installer_of(host.site, "deb")
    left = {"srv/xen/deb-disk.img", "etc/xen/new.cfg", path[1:], "var/lib/xentui/guests/new.json"}
    assert host.files() == left


@qemu_img
@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_until_its_disk_has_something_on_it_it_awaits_the_installer(host: GuestHost, form: str) -> None:
    for name in ("linux", "initrd.gz"):
        host.write(f"/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/{name}", "x")
    host.create("deb", source="installer", disk=[f"size=1M,format={form}"])
    host.create("other", source="busybox", disk=[f"size=1M,format={form}"])
    image = host.path(f"/srv/xen/deb-disk.{'img' if form == 'raw' else form}")
    assert awaits_installer(host, "deb") and not awaits_installer(host, "other") and not awaits_installer(host, "none")
    installed = host.write("/srv/installed", b"\xeb" * 4096)
    subprocess.run(["qemu-img", "convert", "-n", "-f", "raw", "-O", form, installed, image], check=True, timeout=60)
    assert not awaits_installer(host, "deb")
    image.unlink()
    assert not awaits_installer(host, "deb"), "that cannot be told"


def test_the_graphical_installer_is_an_hvm_guest_with_a_screen(host: GuestHost) -> None:
    images = "/usr/lib/debian-installer/images/13/amd64/gtk/debian-installer/amd64"
    with pytest.raises(GuestError, match="apt-get install debian-installer-13-netboot-amd64"):
        host.create("deb", source="installer", size="1M", graphical=True)
    for name in ("linux", "initrd.gz"):
        host.write(f"{images}/{name}", "x")
    with pytest.raises(GuestError, match="makes no pvh guest: choose --type hvm"):
        host.create("deb", source="installer", size="1M", graphical=True, type="pvh")
    said = host.create("deb", source="installer", size="1M", graphical=True)
    text = host.path("/var/lib/xentui/guests/deb.install.cfg").read_text()
    install, own = parse(text), parse(host.config("deb"))
    assert [found for found in check(text) if found.severity is not Severity.INFO] == []
    assert (install.string("type"), install.string("kernel")) == ("hvm", f"{images}/linux")
    assert (install.number("vnc"), install.string("vnclisten")) == (1, "127.0.0.1")
    assert install.string("cmdline") == "debian-installer/exit/poweroff=true vga=788 --- quiet"
    assert (own.string("boot"), own.string("serial"), own.number("vnc"), own.string("kernel")) == ("c", "pty", 1, None)
    assert any("xentui info deb" in line for line in said)


def test_the_port_of_a_screen_is_xenstores(host: GuestHost) -> None:
    host.program("xenstore-read", 'if [ "$1" = /local/domain/7/console/vnc-port ]; then echo 5901; else exit 1; fi')
    runs = Domain("deb", id=7, state=State.RUNNING, type="hvm")
    assert vnc_port(host, runs) == 5901
    assert "screen      : VNC on its host, port 5901" in domain_details(runs, 5901)
    assert vnc_port(host, replace(runs, type="pv")) == 5901  # it has a vfb
    for other in (replace(runs, id=8), replace(runs, id=None)):
        assert vnc_port(host, other) is None


# busybox, where no initramfs is shared: packed of this machine's own parts.


def test_busybox_is_packed_with_the_running_kernels_drivers(host: GuestHost) -> None:
    release = os.uname().release
    host.path("/usr/lib/xentui/guest.img").unlink()
    with pytest.raises(GuestError, match=f"/boot/vmlinuz-{release}"):
        host.create("small", source="busybox")
    host.write(f"/boot/vmlinuz-{release}", "x")
    with pytest.raises(GuestError, match="apt-get install busybox-static"):
        host.create("small", source="busybox")
    host.write("/bin/busybox", Path("/bin/sh").read_bytes())  # linked with libraries
    with pytest.raises(GuestError, match="is linked with libraries"):
        host.create("small", source="busybox")
    header = bytearray(64)
    header[:5] = b"\x7fELF\x02"  # no program headers, so no dynamic loader either
    host.write("/bin/busybox", bytes(header))
    drivers = f"/lib/modules/{release}/kernel/drivers"
    host.write(f"{drivers}/net/xen-netfront.ko", b"net")
    with pytest.raises(GuestError, match="has no module xen-blkfront"):
        host.create("small", source="busybox")
    host.write(f"{drivers}/block/xen-blkfront.ko.xz", lzma.compress(b"block"))
    host.create("small", source="busybox")
    config = parse(host.config("small"))
    assert config.string("kernel") == f"/boot/vmlinuz-{release}"
    assert config.string("ramdisk") == "/srv/xen/small-initrd.img"
    archive = gzip.decompress(host.path("/srv/xen/small-initrd.img").read_bytes())
    assert b"lib/modules/xen-blkfront.ko\0" in archive and b"block" in archive and b"net" in archive
