"""How long the Live CD takes from power on to the table of domains, beside a bare login of the same Debian.

`python tests/bench/live_boot.py [ROUNDS]`, for some ten minutes a round: all are booted in QEMU one after the other,
from the same image in all (GRUB, Xen, kernel, initrd, Debian with Xen's tools) but xentui's own layer, which the
bare one leaves out. The table is there once on the machine's screen, where it opens by itself, and once on the serial
line, where somebody logs in, and types at once. A small layer of the bench looks at the screen and tells.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "xen"))

from iso_desk import OPENS, open_desk  # noqa: E402
from livemachine import FOLDER, LiveMachine  # noqa: E402

from xentui.livecd.build import build  # noqa: E402
from xentui.livecd.recipe import Recipe, default_cache  # noqa: E402

BAR = 1.3
SEEN = "the table is on the screen"
#: It says so again and again: the login prompt may come later, and is waited for before. Until then it starts no
#: programs: one a second would be a tenth of an emulated processor.
WATCHER = f"""[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/bash -c 'exec 3<> <(:); until mapfile seen 2>/dev/null < /dev/vcs1; [[ $${{seen[*]}} == *Domain-0* ]]; \
    do read -t 1 -u 3; done; while :; do echo; echo "{SEEN}"; sleep 2; done > /dev/hvc0'
""".encode()


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
    changed(iso, bare, {module: "/live/bare.module", menu: "/boot/grub/grub.cfg"})


def with_a_watcher(iso: Path, watched: Path) -> None:
    """The same image and a layer that reads the screen (vcs(4)) and says on the serial line what it has seen."""
    archive, layer, module = FOLDER / "watch.tar", FOLDER / "watch.squashfs", FOLDER / "watch.module"
    watched.unlink(missing_ok=True)
    with tarfile.open(archive, "w") as tar:
        unit = tarfile.TarInfo("etc/systemd/system/watch-screen.service")
        unit.size = len(WATCHER)
        tar.addfile(unit, io.BytesIO(WATCHER))
        link = tarfile.TarInfo("etc/systemd/system/sysinit.target.wants/watch-screen.service")
        link.type, link.linkname = tarfile.SYMTYPE, "../watch-screen.service"
        tar.addfile(link)
    with archive.open("rb") as tared:
        argv = ["tar2sqfs", "--quiet", "--force", str(layer)]
        subprocess.run(argv, stdin=tared, check=True, capture_output=True, timeout=60)
    module.write_text("filesystem.squashfs\nxentui.squashfs\nwatch.squashfs\n")
    changed(iso, watched, {module: "/live/filesystem.module", layer: "/live/watch.squashfs"})


def changed(iso: Path, other: Path, files: dict[Path, str]) -> None:
    """The same image with these files at those places."""
    changes = [word for file, place in files.items() for word in ("-update", str(file), place)]
    xorriso("-indev", str(iso), "-outdev", str(other), "-boot_image", "any", "replay", *changes)


def to_login(iso: Path) -> float:
    """Seconds from power on."""
    machine = LiveMachine(iso)
    machine.boot()
    machine.end()
    return machine.boot_seconds


def to_table(iso: Path) -> float:
    """Seconds from power on to the table on the screen."""
    machine = LiveMachine(iso, entry="x")
    began = time.monotonic()
    machine.boot()
    try:
        machine.serial.expect(SEEN, OPENS)
        return time.monotonic() - began
    finally:
        machine.end()


def to_table_on_the_serial_line(iso: Path) -> tuple[float, float]:
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
    iso, bare, watched = (FOLDER / f"bench-{name}.iso" for name in ("live", "bare", "watched"))
    build(Recipe(iso, default_cache()), say=lambda line: print(line, flush=True))
    without_our_layer(iso, bare)
    with_a_watcher(iso, watched)
    for number in range(1, rounds + 1):

        def say(text: str, number: int = number) -> None:
            print(f"{number}: {text} (load {os.getloadavg()[0]:.1f})", flush=True)

        def judge(table: float, plain: float) -> str:
            verdict = "within" if table <= BAR * plain else "OVER"
            return f"{table / plain:.2f} x a bare login, {verdict} the bar of {BAR} x"

        plain = to_login(bare)
        say(f"bare: login after {plain:.0f} s")
        table = to_table(watched)
        say(f"the table on the screen after {table:.0f} s: {judge(table, plain)}")
        login, table = to_table_on_the_serial_line(iso)
        say(f"serial line: login after {login:.0f} s, table after {table:.0f} s: {judge(table, plain)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
