"""A host whose tools say what a sample of them said: disks to look at without having them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xentui.disks.device import GuestDisk
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, CommandRecord, ProgramMissingError

SAMPLES = Path(__file__).parent / "unit" / "disks" / "samples"


class DiskHost(Host):
    """Answers the commands in `answers`, by their first word, and reads `files`; reached as a remote one is."""

    is_remote = True

    def __init__(self, sample: str | None = None) -> None:
        super().__init__()
        self.name = "xenlive"
        self.answers: dict[str, str] = {"losetup": '{"loopdevices": []}', "stat": ""}
        self.files = {"/proc/self/mountinfo": "1 1 0:1 / / rw - tmpfs tmpfs rw\n", "/proc/swaps": "Filename Type\n"}
        self.missing: set[str] = set()
        self.asked: list[tuple[str, ...]] = []
        if sample is not None:
            for path in (SAMPLES / sample).iterdir():
                if path.name.startswith("proc-"):
                    self.files[f"/proc/{path.name.removeprefix('proc-').replace('-', '/')}"] = path.read_text()
                else:
                    self.answers[path.name.partition(".")[0]] = path.read_text()

    def set_json(self, program: str, value: Any) -> None:
        """Let a program print this."""
        self.answers[program] = json.dumps(value)

    def run(self, argv: Sequence[str], **options: Any) -> CommandRecord:
        self.asked.append(tuple(argv))
        record = CommandRecord(tuple(argv), 0.0, 0.0, 0, self.answers.get(argv[0], ""), "")
        if argv[0] in self.missing or argv[0] not in self.answers:
            raise ProgramMissingError(record, f"{argv[0]}: cannot be started: No such file or directory")
        if self.answers[argv[0]].startswith("!"):
            raise CommandError(record, self.answers[argv[0]][1:])
        return record

    def read(self, path: str, limit: int = 1 << 20, *, tail: bool = False) -> bytes:
        if path not in self.files:
            raise HostError(f"{path}: No such file or directory")
        return self.files[path].encode("utf-8", "surrogateescape")[:limit]

    def scan(self, folder: str) -> list[Any]:
        return []


def stat_line(path: str, *, block: str = "", inode: int = 0, size: int = 0, on: str = "8:1") -> str:
    """What ``stat --printf`` says of a block device with the number `block`, or of a file on the device `on`."""
    major, minor = (int(part) for part in (block or "0:0").split(":"))
    on_major, on_minor = (int(part) for part in on.split(":"))
    mode = 0o60660 if block else 0o100644
    device = (on_major << 8) | on_minor
    return "\0".join((path, f"{mode:x}", f"{major:x}", f"{minor:x}", str(device), str(inode), str(size))) + "\0"


def made_up_host() -> DiskHost:
    """The sample of all kinds of disks, and what stands behind the paths that its guests use."""
    host = DiskHost("made-up")
    host.answers["stat"] = "".join(
        [
            stat_line("/dev/HyperVG01/server01-disk1", block="254:2"),
            stat_line("/dev/mapper/HyperVG01-lenny01--disk1", block="254:3"),
            stat_line("/srv/xen/client01.img", inode=77, size=2 << 30, on="254:0"),
            stat_line("/run/live/medium/live/filesystem.squashfs", inode=5, size=200 << 20, on="8:97"),
            stat_line("/dev/disk/by-id/wwn-0x5", block="8:48"),
        ]
    )
    return host


#: A guest of each kind, on the disks of the sample.
MADE_UP_GUESTS = (
    GuestDisk("server01", "running", "/dev/HyperVG01/server01-disk1", "xvda"),
    GuestDisk("lenny01", "saved", "/dev/mapper/HyperVG01-lenny01--disk1", "xvda"),
    GuestDisk("client01", "off", "/srv/xen/client01.img", "xvda", writable=False),
    GuestDisk("thin", "off", "HyperVG01/thin01", "xvda"),
)
