"""A host whose tools say what a sample of them said: disks to look at without having them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
