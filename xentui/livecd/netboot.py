"""Starting the Live CD by network: a folder for a TFTP server, of what a machine's PXE loads, from a built ISO.

GRUB, Xen, the kernel and its initrd come by TFTP; the initrd then fetches the whole ISO by HTTP into memory
(live-boot(7), fetch=), so nothing of the server is needed once it is up.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from xentui.livecd.iso import MODULES
from xentui.livecd.tools import Builder, BuildError, check_tools

#: GRUB's loader for each firmware: its platform, and what it needs for the network there.
LOADERS = {
    "bios.pxe": ("i386-pc-pxe", ("pxe", "net", "tftp")),
    "uefi.efi": ("x86_64-efi", ("efinet", "net", "tftp")),
}
_MENU = "boot/grub/grub.cfg"
_FILES = ("boot/xen.gz", "live/vmlinuz", "live/initrd.img", _MENU)


def make_netboot(builder: Builder, iso: Path, folder: Path, url: str, card: str) -> None:
    """Fill `folder`, which must be new. `url` is where the machine fetches the ISO, `card` by which (such as eth0).

    Raises BuildError, OSError.
    """
    check_tools()
    if not iso.is_file():
        raise BuildError(f"{iso}: no such file. Build it first: xentui livecd build --output {iso}")
    if not re.fullmatch(r"http://[A-Za-z0-9.:_~/%-]+\.iso", url):
        raise BuildError(
            f"{url!r} is no address that the machine can fetch from; it is to be as http://SERVER/NAME.iso"
        )
    if not re.fullmatch(r"eth\d+", card):
        raise BuildError(f"{card!r} is no name of a wired card; the kernel calls the first one eth0")
    folder.mkdir(parents=True)
    argv: list[str | Path] = ["xorriso", "-osirrox", "on", "-indev", iso]
    for name in _FILES:
        argv += ["-extract", f"/{name}", folder / name]
    with builder.step("Taking Xen and the kernel out of the ISO"):
        builder.run(argv, deadline=300)
    file = folder / _MENU
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    file.write_text(menu(file.read_text(), url, card, iso.stat().st_size >> 20))
    with builder.step("Making the boot loaders"), tempfile.NamedTemporaryFile("w", suffix=".cfg") as early:
        early.write("set prefix=($root)/boot/grub\n")
        early.flush()
        for name, (platform, modules) in LOADERS.items():
            builder.run(
                ["grub-mkimage", "-O", platform, "-c", early.name, "-p", "/boot/grub", "-o", folder / name, *modules,
                 *MODULES],
                deadline=60,
            )  # fmt: skip


def menu(text: str, url: str, card: str, size: int) -> str:
    """The ISO's own menu `text` for the network: dom0 fetches the ISO, of `size` MiB, and has room for it.

    Until its root is mounted Linux lets files have half of its memory at most.

    Raises BuildError for an ISO that is not one of ours.
    """
    found = re.search(r"dom0_mem=(\d+)M", text)
    if found is None or "boot=live " not in text:
        raise BuildError("That ISO has no boot menu of xentui's Live CD")
    memory = int(found[1]) + 2 * size
    entries = [entry for entry in re.split(r"(?m)^(?=menuentry )", text) if " toram " not in entry]
    text = "".join(entries).replace(f"{found[1]} MB", f"{memory} MB")
    text = re.sub(r"dom0_mem=\d+M,max:\d+M", f"dom0_mem={memory}M,max:{memory}M", text)
    return text.replace("boot=live ", f"boot=live fetch={url} ethdevice={card} ")
