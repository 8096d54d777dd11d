"""How long the Live CD takes from power on to the table of domains, beside a bare login of the same Debian.

`python tests/bench/live_boot.py [ROUNDS]`, for some ten minutes a round: both are booted in QEMU one after the other,
from the same image in all (GRUB, Xen, kernel, initrd, Debian with Xen's tools) but xentui's own layer, which the
bare one leaves out. Both are asked for on the serial line; who logs in at the Live CD types at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "xen"))

from iso_desk import open_desk  # noqa: E402
from livemachine import FOLDER, LiveMachine  # noqa: E402

from xentui.livecd.build import build  # noqa: E402
from xentui.livecd.recipe import Recipe, default_cache  # noqa: E402

BAR = 1.3


def xorriso(*argv: str) -> None:
    subprocess.run(["xorriso", *argv], check=True, capture_output=True, timeout=300)


def without_our_layer(iso: Path, bare: Path) -> None:
    """The same image, but its menu starts Debian alone: live-boot(7), module=."""
    menu, module = FOLDER / "bare.cfg", FOLDER / "bare.module"
    for file in (menu, bare):
        file.unlink(missing_ok=True)
    xorriso("-osirrox", "on", "-indev", str(iso), "-extract", "/boot/grub/grub.cfg", str(menu))
    text = menu.read_text()
    menu.chmod(0o644)
    # Emulated, udev takes its time to find /dev/hvc0: the Live CD waits as long, by a file of that layer.
    menu.write_text(text.replace("boot=live ", "boot=live module=bare systemd.default_device_timeout_sec=600 "))
    module.write_text("filesystem.squashfs\n")
    xorriso(
        "-indev", str(iso), "-outdev", str(bare), "-boot_image", "any", "replay", "-map", str(module),
        "/live/bare.module", "-update", str(menu), "/boot/grub/grub.cfg",
    )  # fmt: skip


def to_login(iso: Path) -> float:
    """Seconds from power on."""
    machine = LiveMachine(iso)
    machine.boot()
    machine.end()
    return machine.boot_seconds


def to_table(iso: Path) -> tuple[float, float]:
    """Seconds from power on to the login, to the table."""
    machine = LiveMachine(iso)
    machine.boot()
    try:
        prompt = time.monotonic()
        open_desk(machine.serial)
        return machine.boot_seconds, machine.boot_seconds + time.monotonic() - prompt
    finally:
        machine.end()


def main(rounds: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    iso, bare = FOLDER / "bench-live.iso", FOLDER / "bench-bare.iso"
    build(Recipe(iso, default_cache()), say=lambda line: print(line, flush=True))
    without_our_layer(iso, bare)
    for number in range(1, rounds + 1):
        plain = to_login(bare)
        print(f"{number}: bare: login after {plain:.0f} s (load {os.getloadavg()[0]:.1f})", flush=True)
        login, table = to_table(iso)
        print(
            f"{number}: Live CD: login after {login:.0f} s, table after {table:.0f} s (load {os.getloadavg()[0]:.1f})"
        )
        verdict = "within" if table <= BAR * plain else "OVER"
        print(f"{number}: {table / plain:.2f} x a bare login, {verdict} the bar of {BAR} x", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
