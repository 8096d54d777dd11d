"""What is made of the tools' words: the tree, the uses, and what they stand against."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
from disk_host import MADE_UP_GUESTS, DiskHost, made_up_host

from xentui.disks.device import Device, Disks, GuestDisk, Kind, UseKind
from xentui.disks.listing import disk_table, disks_json, rows, short_size
from xentui.disks.probe import locate, probe

G = 1 << 30


@pytest.fixture
def host() -> DiskHost:
    return made_up_host()


@pytest.fixture
def disks(host: DiskHost) -> Disks:
    return probe(host, MADE_UP_GUESTS)


def device(disks: Disks, path: str) -> Device:
    found = disks.find(path)
    assert found is not None, path
    return found


def conflicts(disks: Disks, path: str) -> list[str]:
    return [conflict.sentence for conflict in disks.conflicts(device(disks, path))]


def test_the_tree_goes_from_the_disk_through_the_group_to_the_partition_in_a_volume(disks: Disks) -> None:
    path = ["/dev/sda", "/dev/sda3", "/dev/HyperVG01", "/dev/HyperVG01/server01-disk1"]
    for above, below in itertools.pairwise(path):
        assert below in device(disks, above).children
        assert above in device(disks, below).parents
    inner = device(disks, "/dev/mapper/HyperVG01-server01--disk1p1")
    assert inner.kind is Kind.PART
    assert [found.path for found in disks.above(inner)] == path[::-1]
    assert disks.problems == disks.blind == ()


def test_what_lvm_keeps_to_itself_is_not_shown_and_what_is_not_active_is(disks: Disks) -> None:
    assert disks.find("/dev/mapper/HyperVG01-pool_tdata") is None
    thin = device(disks, "/dev/HyperVG01/thin01").volume
    assert thin is not None
    assert (thin.segment, thin.pool, thin.active) == ("thin", "pool", False)
    snapshot = device(disks, "/dev/HyperVG01/snap0").volume
    assert snapshot is not None
    assert (snapshot.origin, snapshot.data_percent) == ("lenny01-disk1", 3.2)
    group = device(disks, "/dev/HyperVG01").group
    assert group is not None
    assert group.free_extents * group.extent == 370 * G


@pytest.mark.parametrize(
    "name",
    ["/dev/HyperVG01/hypervisor01-root", "/dev/mapper/HyperVG01-hypervisor01--root", "/dev/dm-0", "dm-0", "254:0"],
)
def test_a_volume_is_found_by_all_its_names(disks: Disks, name: str) -> None:
    assert device(disks, name).path == "/dev/HyperVG01/hypervisor01-root"


def test_a_link_leads_to_its_device(host: DiskHost, disks: Disks) -> None:
    found = locate(host, disks, "/dev/disk/by-id/wwn-0x5")
    assert found is not None
    assert found.path == "/dev/sdd"
    assert locate(host, disks, "/dev/nothing") is None


MAPPED = "/dev/mapper/HyperVG01-server01--disk1p1"


def test_a_whole_disk_is_in_use_by_all_that_lies_on_it(disks: Disks) -> None:
    assert conflicts(disks, "/dev/sda") == [
        "/dev/sda1 is mounted on /boot/efi",
        "/dev/sda2 is mounted on /boot",
        "/dev/sda3 is a physical volume of HyperVG01, with 8 volumes",
        "/dev/HyperVG01/crypt is held by /dev/mapper/secret, encryption",
        "/dev/HyperVG01/hypervisor01-root is mounted on /, with disks of client01 (off)",
        "/dev/HyperVG01/hypervisor01-swap is swap space (in use)",
        "/dev/HyperVG01/lenny01-disk1 is a disk of lenny01 (saved), as xvda",
        "/dev/HyperVG01/server01-disk1 is a disk of server01 (running), as xvda",
        f"/dev/HyperVG01/server01-disk1 is held by {MAPPED}, a partition mapped by kpartx",
        "/dev/HyperVG01/thin01 is a disk of thin (off), as xvda",
    ]


def test_a_volume_is_free_though_its_group_is_in_use(disks: Disks) -> None:
    assert conflicts(disks, "/dev/HyperVG01/snap0") == []
    assert conflicts(disks, "/dev/mapper/secret") == []


def test_a_part_is_in_use_when_its_whole_belongs_to_a_guest(host: DiskHost) -> None:
    disks = probe(host, [GuestDisk("mycomputer", "running", "/dev/disk/by-id/wwn-0x5", "hda")])
    assert conflicts(disks, "/dev/sdd1")[-1] == "/dev/sdd is a disk of mycomputer (running), as hda"
    assert "/dev/sdd is a disk of mycomputer (running), as hda" in conflicts(disks, "/dev/md0")
    assert not any("mycomputer" in sentence for sentence in conflicts(disks, "/dev/sdc1"))


def test_what_is_in_a_mapped_partition_is_in_use_by_the_volumes_guest(disks: Disks) -> None:
    assert conflicts(disks, MAPPED) == ["/dev/HyperVG01/server01-disk1 is a disk of server01 (running), as xvda"]


def test_the_loop_device_of_a_guests_image_is_the_guests(disks: Disks) -> None:
    assert device(disks, "/dev/loop1").parents == ("/srv/xen/client01.img",)
    sentence = "/srv/xen/client01.img is a disk of client01 (off), as xvda, read-only"
    assert conflicts(disks, "/dev/loop1p1") == [sentence]
    assert "/srv/xen/client01.img is set up as /dev/loop1" in conflicts(disks, "/srv/xen/client01.img")


def test_the_live_medium_is_named_as_such(disks: Disks) -> None:
    assert conflicts(disks, "/dev/sdg") == [
        "/dev/sdg1 is the live medium this system runs from, at /run/live/medium",
    ]


def test_members_of_an_array_and_paths_of_a_lun_are_held(disks: Disks) -> None:
    assert conflicts(disks, "/dev/sdc1")[0] == "/dev/sdc1 is a member of /dev/md0"
    assert "/dev/md0 is mounted on /mnt/backup disk" in conflicts(disks, "/dev/sdc")
    assert conflicts(disks, "/dev/sde") == ["/dev/sde is held by /dev/mapper/mpatha, multipath"]
    assert conflicts(disks, "/dev/mapper/mpatha") == []


def test_an_inactive_array_holds_its_members(host: DiskHost) -> None:
    host.files["/proc/mdstat"] = "Personalities :\nmd127 : inactive sdc1[0](S)\n      104792064 blocks\n"
    assert "/dev/sdc1 is a member of /dev/md127, inactive" in conflicts(probe(host), "/dev/sdc1")


def test_another_system_is_named_and_does_not_block(disks: Disks) -> None:
    assert conflicts(disks, "/dev/sdb") == []
    said = [remark.sentence for remark in disks.remarks(device(disks, "/dev/sdb"))]
    assert said == [f"/dev/sdb{n} is an NTFS file system, as Windows makes them" for n in (1, 2)]


def test_a_volume_group_of_which_nothing_is_active_does_not_block(host: DiskHost) -> None:
    report = json.loads(host.answers["lvm"])
    for volume in report["report"][0]["lv"]:
        volume["lv_kernel_major"] = volume["lv_kernel_minor"] = "-1"
    host.set_json("lvm", report)
    lsblk = json.loads(host.answers["lsblk"])
    sda3 = next(node for node in lsblk["blockdevices"] if node["name"] == "sda")["children"][2]
    del sda3["children"]
    host.set_json("lsblk", lsblk)
    host.files["/proc/self/mountinfo"] = "1 1 0:1 / / rw - tmpfs tmpfs rw\n"
    host.files["/proc/swaps"] = "Filename\n"
    disks = probe(host)
    assert conflicts(disks, "/dev/sda3") == []
    said = [remark.use.sentence for remark in disks.remarks(device(disks, "/dev/sda3"))]
    assert said == ["a physical volume of HyperVG01, with 8 volumes, none of them active"]


@pytest.mark.parametrize(("lvm", "word"), [("missing", "apt install lvm2"), ("!lvm: locked", "locked"), ("{", "JSON")])
def test_without_lvms_word_every_physical_volume_is_in_use(host: DiskHost, lvm: str, word: str) -> None:
    host.missing = {"lvm"} if lvm == "missing" else set()
    host.answers["lvm"] = lvm
    disks = probe(host)
    assert any(word in problem for problem in disks.problems)
    assert disks.blind == ()
    assert any("which cannot be read" in sentence for sentence in conflicts(disks, "/dev/sda3"))
    root = device(disks, "/dev/mapper/HyperVG01-hypervisor01--root")
    assert root.kind is Kind.LV
    assert conflicts(disks, root.path) == [f"{root.path} is mounted on /"]


def test_a_group_that_lvm_cannot_read_holds_its_disk_by_its_active_volumes(host: DiskHost) -> None:
    host.set_json("lvm", {"report": [{"pv": [{"pv_name": "/dev/sdz1"}]}]})
    disks = probe(host)
    assert conflicts(disks, "/dev/sda3") == ["/dev/sda3 is a physical volume of a volume group, which cannot be read"]
    assert disks.find("/dev/mapper/HyperVG01-hypervisor01--root") is None


def test_what_lvm_could_read_counts_although_it_complains(host: DiskHost) -> None:
    class Complaining(DiskHost):
        def run(self, argv, **options):  # type: ignore[no-untyped-def]
            done = super().run(argv, **options)
            return replace(done, status=5, stderr="  WARNING: VG Other is damaged") if argv[0] == "lvm" else done

    complaining = Complaining("made-up")
    disks = probe(complaining)
    assert disks.find("/dev/HyperVG01/thin01") is not None
    assert disks.problems == ("It cannot be told the volume groups: lvm: WARNING: VG Other is damaged",)
    assert "/dev/sda3 is a physical volume of HyperVG01, with 8 volumes" in conflicts(disks, "/dev/sda")


@pytest.mark.parametrize("source", ["lsblk", "losetup", "/proc/self/mountinfo", "/proc/swaps"])
def test_where_use_cannot_be_told_nothing_may_be_written(host: DiskHost, source: str) -> None:
    if source.startswith("/"):
        del host.files[source]
    else:
        host.missing = {source}
    disks = probe(host)
    assert len(disks.blind) == 1
    assert disks.blind[0] in disks.problems


def test_lsblk_of_a_release_that_lacks_a_column_is_asked_for_all(host: DiskHost) -> None:
    class Old(DiskHost):
        def run(self, argv, **options):  # type: ignore[no-untyped-def]
            done = super().run(argv, **options)
            if "-o" in argv and argv[0] == "lsblk":
                return replace(done, stdout="", stderr="lsblk: unknown column: NAME,PARTN", status=1)
            return done

    old = Old("made-up")
    assert probe(old).find("/dev/sda3") is not None
    assert ("lsblk", "-J", "-b", "-O") in old.asked


def test_a_disk_that_vanishes_while_lsblk_looks_costs_only_itself(host: DiskHost) -> None:
    class Vanishing(DiskHost):
        def run(self, argv, **options):  # type: ignore[no-untyped-def]
            done = super().run(argv, **options)
            if argv[0] == "lsblk":
                return replace(done, status=64, stderr="lsblk: sdz: not a block device")
            return done

    disks = probe(Vanishing("made-up"))
    assert disks.find("/dev/sda") is not None
    assert disks.blind == ()


def test_btrfs_over_two_disks_is_mounted_from_both(host: DiskHost) -> None:
    lsblk = json.loads(host.answers["lsblk"])
    for node in lsblk["blockdevices"]:
        if node["name"] in ("nvme0n1", "sdb"):
            node.update(fstype="btrfs", uuid="b-1", children=[])
    host.set_json("lsblk", lsblk)
    host.files["/proc/self/mountinfo"] += "40 24 0:50 /sub /data rw - btrfs /dev/nvme0n1 rw\n"
    disks = probe(host)
    assert conflicts(disks, "/dev/nvme0n1") == ["/dev/nvme0n1 is mounted on /data"]
    assert conflicts(disks, "/dev/sdb") == ["/dev/sdb is mounted on /data"]


def test_free_space_is_what_an_aligned_partition_can_take(host: DiskHost) -> None:
    host.set_json(
        "sfdisk",
        {
            "partitiontable": {
                "sectorsize": 512,
                "partitions": [{"node": "/dev/sdb3", "size": 60 * G // 512, "type": "5"}],
            }
        },
    )
    disks = probe(host)
    areas = device(disks, "/dev/sdb").free
    mib = 1 << 20
    assert all(area.start % mib == 0 and area.size % mib == 0 for area in areas)
    inside, after = areas[-2:]
    assert (inside.start, inside.size) == ((200 * 1024 + 2) * mib + 50 * G, 10 * G - 2 * mib)
    assert after.start == 260 * G
    assert device(disks, "/dev/sdb3").size == 60 * G


def test_where_the_extended_partition_is_not_known_no_free_space_is_claimed(disks: Disks) -> None:
    assert device(disks, "/dev/sdb").free == ()


def test_a_volume_that_cannot_be_looked_into_claims_no_free_space(disks: Disks) -> None:
    assert device(disks, "/dev/HyperVG01/lenny01-disk1").free == ()


def test_the_json_is_one_flat_list_that_names_all_uses(disks: Disks) -> None:
    said = {entry["path"]: entry for entry in json.loads(json.dumps(disks_json(disks)))}
    sda2 = said["/dev/sda2"]
    assert sda2["type"] == "part"
    assert sda2["partition"]["number"] == 2
    assert sda2["uses"] == [{"kind": "mounted", "holder": "/boot", "detail": "", "blocking": True}]
    assert {use["device"] for use in said["/dev/sda"]["conflicts"]} >= {"/dev/sda1", "/dev/sda2"}
    assert said["/dev/sda"]["free"][-1]["size"] > 0


def test_the_table_shows_an_array_once_and_its_other_member_says_so(disks: Disks) -> None:
    found = [row for row in rows(disks) if row.device.path == "/dev/md0"]
    assert [row.again for row in found] == [False, True]
    lines = disk_table(disks)
    assert sum("/mnt/backup disk" in line for line in lines) == 1
    assert sum("shown above" in line for line in lines) == 2  # the array, and the multipath device


def test_a_name_cannot_reach_the_terminal_as_an_escape(host: DiskHost) -> None:
    lsblk = json.loads(host.answers["lsblk"])
    lsblk["blockdevices"][2]["children"][1]["label"] = "a\x1b[31mb\u202e"
    host.set_json("lsblk", lsblk)
    text = "\n".join(disk_table(probe(host, [GuestDisk("evil\x1b]0;x\x07", "running", "/dev/sda2")])))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "evil\\x1b]0;x\\x07 (running)" in text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0B"), (512, "512B"), (1 << 20, "1M"), (500107862016, "465.8G"), ((1 << 40) - 1, "1T"), (1 << 60, "1E")],
)
def test_sizes_take_six_characters(amount: int, text: str) -> None:
    assert short_size(amount) == text
    assert len(text) <= 6


def test_every_kind_of_use_has_words() -> None:
    from xentui.disks.device import Use

    for kind in UseKind:
        assert "X" in Use(kind, "X").sentence
