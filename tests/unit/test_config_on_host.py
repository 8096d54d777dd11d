"""What the host has to say to a configuration, and what a changed one does to the guest that runs."""

from dataclasses import replace

from xentui.config_effects import effects
from xentui.config_host import Surroundings, check_on_host, look, unseen
from xentui.disks.device import GuestDisk
from xentui.domains.domain import Disk, Domain, HostInfo, Interface, Snapshot, State
from xentui.host import Host

TEXT = """name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
memory = 512
vcpus = 4
disk = [ "/dev/vg0/web,raw,xvda,w", "/iso/cd.iso,raw,xvdb,cdrom" ]
vif = [ "bridge=br0,mac=00:16:3e:00:00:01", "script=vif-route" ]
"""
ALL = dict.fromkeys(["/boot/vmlinuz", "/dev/vg0/web", "/iso/cd.iso", "/sys/class/net/br0/bridge"], "f")


def host(**more: object) -> HostInfo:
    values = {"total_memory_mib": 4096, "free_memory_mib": 2000, "cpus": 4, "virt_caps": ("pv", "hvm")}
    return HostInfo("xen", **{**values, **more})  # type: ignore[arg-type]


def codes(text: str = TEXT, there: dict[str, str] | None = None, **more: object) -> list[str]:
    domains = more.pop("domains", ())
    disks = more.pop("disks", ())
    snapshot = Snapshot(host(**more), tuple(domains), 0.0)  # type: ignore[arg-type]
    around = Surroundings("/etc/xen/web.cfg", snapshot, tuple(disks), ALL if there is None else there)  # type: ignore[arg-type]
    return [f"{f.line} {f.severity.value} {f.code}" for f in check_on_host(text, around)]


def test_nothing_is_said_where_all_is_there() -> None:
    assert codes() == []


def test_missing_files_and_bridges() -> None:
    assert codes(there={**ALL, "/boot/vmlinuz": "-"}) == ["3 error missing-file"]
    assert codes(there={**ALL, "/dev/vg0/web": "-", "/iso/cd.iso": "d"}) == ["6 error missing-file"] * 2
    assert codes(there={**ALL, "/sys/class/net/br0/bridge": "-"}) == ["7 error missing-bridge"]
    assert codes(there={}) == []  # nobody could look


def test_a_disk_of_another_guest() -> None:
    other = GuestDisk("db", "running", "/dev/vg0//web", writable=False)
    assert codes(disks=[other]) == ["6 warning disk-in-use"]
    own = GuestDisk("web", "running", "/dev/vg0/web")
    itself = GuestDisk("old-name", "off", "/dev/vg0/web", source="/etc/xen/web.cfg")
    reader = GuestDisk("db", "running", "/iso/cd.iso", writable=False)
    assert codes(disks=[own, itself, reader]) == []


def test_a_disk_that_dom0_uses_itself() -> None:
    snapshot = Snapshot(host(), (), 0.0)
    around = Surroundings("", snapshot, (), ALL, {"/dev/vg0/web": "/dev/vg0/web is mounted on /srv"})
    (found,) = check_on_host(TEXT, around)
    assert (found.line, found.code) == (6, "host-disk")
    assert "mounted on /srv: a guest that writes" in found.message


def test_what_the_machine_cannot() -> None:
    assert codes(virt_caps=("pv",)) == ["2 error no-hvm"]
    assert codes(virt_caps=()) == []  # not known
    assert codes(free_memory_mib=100) == ["4 warning host-memory"]
    assert codes(total_memory_mib=400) == ["4 warning host-memory"]
    assert codes(cpus=2) == ["5 warning host-cpus"]
    pinned = TEXT.replace("vcpus = 4", 'vcpus = 4; cpus = "8-11"')
    four = (("nr_cpus", "4"), ("max_cpu_id", "3"))
    assert codes(pinned, values=four) == ["5 error host-cpus"]
    assert codes(pinned.replace("8-", "3-"), values=four) == codes(pinned) == []


def test_a_name_or_uuid_that_another_has() -> None:
    web = Domain("web", 3, state=State.RUNNING, config_file="/etc/xen/web.cfg")
    assert codes(domains=[web], free_memory_mib=1) == []  # it has its memory already
    assert codes(domains=[Domain("web", 3, state=State.RUNNING, config_file="/root/other.cfg")]) == [
        "1 warning name-taken"
    ]
    uuid = "5f2a0d0e-0c43-4c65-9d1b-6f6e4ab5c8d1"
    twin = Domain("twin", uuid=uuid, config_file="/etc/xen/twin.cfg")
    assert codes(f'{TEXT}uuid = "{uuid}"\n', domains=[web, twin]) == ["8 warning name-taken"]


def test_looking_at_this_machine(tmp_path) -> None:
    image = tmp_path / "it's a disk.img"
    image.touch()
    text = f'name="x"\ntype="pv"\nkernel="{tmp_path}"\ndisk=["{image},raw,xvda,w","{image}2,raw,xvdb,w"]\n'
    around = look(Host(), text, "", None)
    found = [(f.line, f.code) for f in check_on_host(text, around)]
    assert found == [(3, "missing-file"), (4, "missing-file")]
    assert not unseen(text, around)
    assert unseen(f'{text}ramdisk="/new"\n', around)


# What can be done now.

WEB = Domain(
    "web", 3, state=State.BLOCKED, type="pvh", memory_mib=512, max_memory_mib=1024, vcpus=4,
    disks=(Disk("xvda", "/dev/vg0/web"), Disk("xvdb", "/iso/cd.iso", cdrom=True, writable=False)),
    interfaces=(Interface("00:16:3e:00:00:01", "br0"), Interface("00:16:3e:aa:bb:cc", None)),
)  # fmt: skip


def told(after: str, domain: Domain = WEB, before: str = TEXT) -> list[tuple[str, str]]:
    return [(effect.key, " ".join(effect.argv)) for effect in effects(domain, before, after, "credit2")]


def test_a_guest_as_it_is_written_needs_nothing() -> None:
    assert told(TEXT) == []
    assert told(TEXT.replace("512", "256"), Domain("web", config_file="x")) == []  # it is off


def test_memory_and_vcpus() -> None:
    assert told(TEXT.replace("512", "768")) == [("memory", "xl mem-set web 768m")]
    assert told(TEXT.replace("512", "2048")) == [("memory", "")]
    assert told(TEXT.replace("vcpus = 4", "vcpus = 2")) == [("vcpus", "xl vcpu-set web 2")]
    assert told(TEXT.replace("vcpus = 4", "vcpus = 8")) == [("vcpus", "")]
    assert told(TEXT.replace("vcpus = 4", "vcpus = 8"), before=f"{TEXT}maxvcpus=8\n") == [
        ("vcpus", "xl vcpu-set web 8"), ("maxvcpus", ""),
    ]  # fmt: skip
    # What it was started with counts, whatever its file says by now.
    assert told(more := TEXT.replace("vcpus = 4", "vcpus = 8"), replace(WEB, max_vcpus=4), more) == [("vcpus", "")]
    assert told(TEXT, replace(WEB, vcpus=1, max_vcpus=4)) == [("vcpus", "xl vcpu-set web 4")]


def test_disks() -> None:
    more = TEXT.replace('"/iso', '"/b,raw,xvdc,w", "/iso')
    assert told(more) == [("disk", "xl block-attach web /b,raw,xvdc,w")]
    assert told(TEXT.replace('"/dev/vg0/web,raw,xvda,w", ', "")) == [("disk", "xl block-detach web xvda")]
    assert told(TEXT.replace("/dev/vg0/web", "/dev/vg0/new")) == [("disk", "")]


def test_cds_change_in_hvm_guests() -> None:
    hvm = Domain("web", 3, state=State.BLOCKED, type="hvm", disks=(Disk("hdc", "/old.iso", cdrom=True),))
    base = 'name="web"\ntype="hvm"\n'
    assert told(f'{base}disk=["/new.iso,raw,hdc,cdrom"]\n', hvm, base) == [("disk", "xl cd-insert web hdc /new.iso")]
    assert told(f'{base}disk=[",raw,hdc,cdrom"]\n', hvm, base) == [("disk", "xl cd-eject web hdc")]


def test_interfaces() -> None:
    added = TEXT.replace("vif = [ ", 'vif = [ "mac=00:16:3e:00:00:02, bridge=br0", ')
    assert told(added) == [("vif", "xl network-attach web mac=00:16:3e:00:00:02 bridge=br0")]
    one = TEXT.replace("vif = ", 'vif = ["script=vif-route"] #')
    assert told(one) == [("vif", "xl network-detach web 00:16:3e:aa:bb:cc")]


def test_the_rest_waits_for_the_next_start() -> None:
    assert told(f'{TEXT}on_crash="preserve"\ncpu_weight=512\n') == [
        ("cpu_weight", "xl sched-credit2 -d web -w 512"), ("on_crash", ""),
    ]  # fmt: skip
    assert told(TEXT.replace("kernel", "ramdisk")) == [("ramdisk", ""), ("kernel", "")]
