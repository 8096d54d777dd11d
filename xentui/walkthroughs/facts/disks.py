"""Facts about devices, partitions, file systems and volumes. Nothing is written, nothing locked."""

from __future__ import annotations

import json
import shlex

from xentui.walkthroughs.facts.fact import Fact, Form, Verdict, Words, compare, mib
from xentui.walkthroughs.world import UnknownError, World

#: What a partition's type is called here, by its GUID (GPT) or its number (msdos).
_TYPES = {
    "linux": ("0fc63daf-8483-4772-8e79-3d69d8477de4", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "0x83"),
    "lvm": ("e6d6d379-f507-44c2-a23c-238f2a3df928", "0x8e"),
    "swap": ("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "0x82"),
    "efi": ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef"),
    "bios-boot": ("21686148-6449-6e6f-744e-656564454649",),
}


def _device(text: str, words: Words) -> Fact:
    device, wanted = words["device"], words["state"]

    def test(world: World) -> Verdict:
        there = world.ok("test", "-b", device)
        if wanted in ("exists", "absent"):
            return Verdict(there is (wanted == "exists"), "it is there" if there else f"there is no device {device}")
        if not there:
            return Verdict(False, f"there is no device {device}")
        if wanted == "read-only":
            return Verdict(bool(_lsblk(world, device, "RO")[0]["ro"]), "it can be written to")
        users = _users(world, device)
        return Verdict(not users, f"in use: {', '.join(users)}")

    return Fact(text, ("device", device), f"lsblk {shlex.quote(device)}", test)


def _lsblk(world: World, device: str, columns: str) -> list[dict[str, object]]:
    """The device and all that stands on it, as lsblk's JSON has them."""
    try:
        found = json.loads(world.text("lsblk", "-J", "-l", "-o", columns, "--", device))["blockdevices"]
    except (ValueError, KeyError) as error:
        raise UnknownError(f"lsblk {device}: no JSON") from error
    return list(found)


def _users(world: World, device: str) -> list[str]:
    """Who uses it: mounts, swap, and what is built on it and active."""
    users = []
    for row in _lsblk(world, device, "PATH,TYPE,MOUNTPOINTS"):
        users += [str(place) for place in row["mountpoints"] if place]  # type: ignore[attr-defined]
        if row["type"] not in ("disk", "part", "loop", "rom"):
            users.append(f"{row['path']} ({row['type']})")
    return users


def _partition(text: str, words: Words) -> Fact:
    device, number, wanted = words["device"], int(words["count"]), words["state"]

    def test(world: World) -> Verdict:
        part = _part(world, device, number)
        if part is None:
            return Verdict(wanted == "absent", f"{device} has no partition {number}")
        if wanted == "exists":
            return Verdict(True)
        kind = str(part.get("parttype") or "").lower()
        name = next((name for name, types in _TYPES.items() if kind in types), kind or "unknown")
        return Verdict(wanted == name, "it is there" if wanted == "absent" else f"it is of type {name}")

    return Fact(
        text, ("partition", device, str(number)), f"lsblk -o NAME,SIZE,PARTTYPENAME {shlex.quote(device)}", test
    )


def _part(world: World, device: str, number: int) -> dict[str, object] | None:
    if not world.ok("test", "-b", device):
        raise UnknownError(f"there is no device {device}")
    ends = (f"{device}{number}", f"{device}p{number}")
    return next((row for row in _lsblk(world, device, "PATH,SIZE,PARTTYPE") if row["path"] in ends), None)


def _blkid(world: World, device: str, tag: str) -> str:
    """What stands on the device itself, read from it and not from a cache; empty if nothing does."""
    done = world.run(["blkid", "-p", "-o", "value", "-s", tag, "--", device])
    if done.status not in (0, 2):  # 2: nothing found
        raise UnknownError(f"blkid: {done.stderr.strip() or f'status {done.status}'}")
    return done.stdout.strip()


def _tag(tag: str, word: str, nothing: str) -> object:
    def make(text: str, words: Words) -> Fact:
        device, wanted = words["path"], words["value"]

        def test(world: World) -> Verdict:
            if not world.ok("test", "-b", device) and not world.ok("test", "-f", device):
                return Verdict(False, f"there is no {device}")  # a map or a volume that is still to be made
            found = _blkid(world, device, tag)
            wanted_value = {"msdos": "dos"}.get(wanted, wanted) if tag == "PTTYPE" else wanted
            return Verdict(found == ("" if wanted == nothing else wanted_value), f"it is {found or 'none'}")

        return Fact(text, (word, device), f"blkid -p {shlex.quote(device)}", test)

    return make


def _pv(text: str, words: Words) -> Fact:
    device, wanted = words["device"], words["state"] == "exists"

    def test(world: World) -> Verdict:
        there = device in _lvm(world, "pvs", "pv", "pv_name")
        return Verdict(there is wanted, "it is one" if there else f"{device} is no physical volume")

    return Fact(text, ("pv", device), "pvs", test)


def _vg(text: str, words: Words) -> Fact:
    name, wanted = words["name"], words["state"] == "exists"

    def test(world: World) -> Verdict:
        there = name in _lvm(world, "vgs", "vg", "vg_name")
        return Verdict(there is wanted, "it is there" if there else f"there is no volume group {name}")

    return Fact(text, ("vg", name), "vgs", test)


def _lv(text: str, words: Words) -> Fact:
    volume = words["volume"]

    def test(world: World) -> Verdict:
        sizes = _lvm(world, "lvs", "lv", "vg_name,lv_name", "lv_size")
        size = sizes.get(volume)
        seen = f"there is no volume {volume}" if size is None else f"it has {float(size):.0f} MiB"
        if "state" in words:
            return Verdict((size is not None) is (words["state"] == "exists"), seen)
        return Verdict(size is not None and compare(float(size), words["op"], mib(words["size"])), seen)

    return Fact(text, ("lv", volume), "lvs", test)


def _lvm(world: World, program: str, kind: str, names: str, value: str = "") -> dict[str, str]:
    """A report of LVM's: its `value`, in MiB, by its `names` joined with /."""
    columns = f"{names},{value}" if value else names
    said = world.text(program, "--readonly", "--reportformat", "json", "--units", "m", "--nosuffix", "-o", columns)
    try:
        rows = json.loads(said)["report"][0][kind]
    except (ValueError, KeyError, IndexError) as error:
        raise UnknownError(f"{program}: no JSON") from error
    return {"/".join(row[name] for name in names.split(",")): row.get(value, "") for row in rows}


def sectors_written(world: World, device: str) -> str:
    """How many sectors were written to the device since the machine started: field 7 of its stat
    (Linux, Documentation/block/stat.rst). Raises UnknownError."""
    name = world.text("lsblk", "-dno", "KNAME", "--", device).strip()
    fields = world.text("cat", f"/sys/class/block/{name}/stat").split()
    if len(fields) < 7:
        raise UnknownError(f"the kernel keeps no figures of {device}")
    return fields[6]


def _unchanged(text: str, words: Words) -> Fact:
    device = words["device"]

    def test(world: World) -> Verdict:
        before = world.baselines.get(device)
        if before is None:
            raise UnknownError(f"nobody counted what was written to {device} before")
        written = int(sectors_written(world, device)) - int(before)
        if written < 0:
            raise UnknownError(f"the machine was started anew since it was counted what is written to {device}")
        return Verdict(written == 0, f"{written} sectors were written to it since")

    return Fact(
        text, ("unchanged", device), f"cat /sys/class/block/{shlex.quote(device.rpartition('/')[2])}/stat", test
    )


FORMS = (
    Form("device <device> <state:exists|absent>", "", _device),
    Form("device <device> is <state:idle|read-only>", "idle: nothing of it is mounted, swap or in use by LVM", _device),
    Form("partition <device> <count> <state:exists|absent>", "the disk, and the partition's number", _partition),
    Form("partition <device> <count> type <state:linux|lvm|swap|efi|bios-boot>", "", _partition),
    Form("label <path> is <value:gpt|msdos|none>", "the partition table of a disk, volume or disk file",
         _tag("PTTYPE", "label", "none")),  # type: ignore[arg-type]
    Form("filesystem <path> is <value:\\S+>", "ext4, vfat, swap, LVM2_member, none ...",
         _tag("TYPE", "filesystem", "none")),  # type: ignore[arg-type]
    Form("filesystem <path> named <value:\\S+>", "its label", _tag("LABEL", "fslabel", "")),  # type: ignore[arg-type]
    Form("pv <device> <state:exists|absent>", "LVM's physical volume", _pv),
    Form("vg <name> <state:exists|absent>", "LVM's volume group", _vg),
    Form("lv <volume> <state:exists|absent>", "a logical volume, as VG/LV", _lv),
    Form("lv <volume> size <op> <size>", "", _lv),
    Form("unchanged <device>", "no sector was written since the walkthrough was opened (a still check)", _unchanged),
)  # fmt: skip
