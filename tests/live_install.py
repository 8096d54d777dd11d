"""A Live CD and a disk to install it to, without being one: the disk is a file, programs are only written down."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from xentui.disks.device import Device, Disks, Kind
from xentui.host import Host
from xentui.livecd import installed
from xentui.livecd.running import LiveSystem
from xentui.subprocesses import CancelledError, CommandError, CommandRecord

SHADOW = "root:*:20000:0:99999:7:::\nlivexen:{}:20000:0:99999:7:::\n"


def tree(root: Path) -> Path:
    """The parts of a copied Live CD that are changed."""
    for name, text in (
        ("etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\txenlive\n"),
        ("etc/shadow", SHADOW.format("$6$xentui$known")),
        ("boot/vmlinuz-6.12.1-amd64", ""),
        *((name, "") for name in installed.LIVE_ONLY),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    units = root / "etc/systemd/system"
    for unit in (*installed.MASKED, "systemd-networkd-wait-online.service"):
        (units / unit).symlink_to("/dev/null")
    return root


class InstallHost(Host):
    """Its programs do nothing and are well, but cp, which copies a system, dpkg, whose trigger makes its initramfs, and
    those in `fail`: they end with this complaint. `before` is called ahead of each, with its words."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []
        self.fail: dict[str, str] = {}
        self.before: Callable[[str], object] = lambda _line: None

    def run(
        self, argv: Sequence[str], *, check: bool = True, cancel: threading.Event | None = None, **_more: Any
    ) -> CommandRecord:
        line = " ".join(argv)
        self.ran.append(line)
        self.before(line)
        said = next((text for part, text in self.fail.items() if part in line), None)
        out = {"blkid": "1111-2222\n", "losetup": "/dev/loop77\n"}.get(argv[0], "")
        record = CommandRecord(tuple(argv), 0.0, 0.0, 0 if said is None else 1, out, said or "")
        if cancel is not None and cancel.is_set():
            raise CancelledError(record, "it was cancelled")
        if said is not None and check:
            raise CommandError(record)
        if argv[0] == "cp" and said is None:
            tree(Path(argv[-1]))
        if "dpkg --purge" in line and said is None:
            for initrd in Path(argv[1]).glob("boot/initrd.img-*"):
                initrd.write_text("an initrd of its own")
        if argv[0] == "umount":  # what lay there is out of sight
            shutil.rmtree(argv[-1])
            Path(argv[-1]).mkdir()
        return record


class LiveCd:
    """`live` is what runs, `disk` the path of an empty disk of 16 GiB, `host` where both are."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host = InstallHost()
        self.live = LiveSystem(folder / "live", folder / "shadow", folder / "home")
        for layer in self.live.layers:
            layer.mkdir(parents=True)
        self.live.initrd.parent.mkdir(parents=True)
        self.live.initrd.write_text("the initrd")
        self.live.shadow.write_text(SHADOW.format("$y$own"))
        self.disk = folder / "sdb"
        self.disk.touch()
        os.truncate(self.disk, 16 << 30)
        self.device = Device(str(self.disk), Kind.DISK, 16 << 30, "sdb")
        self.disks = Disks((self.device,))
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr("xentui.livecd.running._RUN", str(folder))
        # The tools need not be here; and a disk would be no file.
        for where in ("livecd.install.check_tools", "disks.guard.check_tools", "disks.guard.check_lvm"):
            monkeypatch.setattr(f"xentui.{where}", lambda *_: None)

    def read_disks(self) -> Disks:
        return self.disks

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was ever written to the disk."""
        return self.disk.stat().st_blocks == 0
