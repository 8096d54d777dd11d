"""The bootable image: a hybrid ISO that starts from a CD or a USB stick, by BIOS or by UEFI.

GRUB loads Xen by the Multiboot2 protocol in both cases, so one menu serves both. Only file operations:
grub-mkimage makes the two boot loaders, mtools the EFI system partition, xorriso the image. Debian's
signed GRUB has no multiboot2 module, so Secure Boot has to be off.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from xentui.livecd.base import Base
from xentui.livecd.recipe import DOM0_MEMORY_MIB, Recipe
from xentui.livecd.tools import Builder

#: The label of the file system on which a started Live CD keeps what changes (`xentui livecd keep`).
KEEP_LABEL = "xentui-keep"
_MENU = Path(__file__).with_name("grub.cfg")
_MARK = "xentui-live"
_LABEL = "XENTUI_LIVE"
#: Of GRUB, what the menu needs.
MODULES = (
    "iso9660", "fat", "part_gpt", "part_msdos", "search", "search_fs_file", "search_label",
    "normal", "configfile", "multiboot2", "linux", "gzio",
    "all_video", "serial", "terminal", "echo", "test", "ls", "cat", "halt", "reboot",
)  # fmt: skip
_EARLY = f"search --set=root --file /{_MARK}\nset prefix=($root)/boot/grub\n"

# Only errors: Xen writes its messages over what dom0 draws on the serial line.
_XEN = "dom0_mem={memory}M,max:{memory}M ucode=scan loglvl=error guest_loglvl=error"
# Kernel messages below a warning stay out of the screen that xentui draws on.
# There is nothing to bring up to date on a medium that is as it was built.
# live-boot(7): what is kept is looked for by its label alone, not in files on every disk of the machine; and it does
# not wait for USB once more, from which it may have been started.
_KEEP = f"persistence persistence-label={KEEP_LABEL} persistence-storage=filesystem quickusbmodules"
_LINUX = f"boot=live {_KEEP} net.ifnames=0 loglevel=4 systemd.condition_needs_update=no"


def source_date() -> int:
    """The time (epoch seconds) that everything in the image carries: SOURCE_DATE_EPOCH, or now."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())


def build_iso(builder: Builder, work: Path, base: Base, layer: Path, recipe: Recipe, epoch: int) -> None:
    """Put base, layer and boot loaders together and write the recipe's output, whole or not at all."""
    output = recipe.output.absolute()
    tree, efi = work / "iso", work / "efi"
    live, grub = tree / "live", tree / "boot/grub"
    live.mkdir(parents=True)
    (grub / "i386-pc").mkdir(parents=True)
    (efi / "EFI/BOOT").mkdir(parents=True)
    for source, target in (
        (base.squashfs, live / "filesystem.squashfs"),
        (layer, live / "xentui.squashfs"),
        (base.boot / "vmlinuz", live / "vmlinuz"),
        (base.boot / "initrd.img", live / "initrd.img"),
        (base.boot / "xen.gz", tree / "boot/xen.gz"),
    ):
        _link_or_copy(source, target)
    (live / "filesystem.module").write_text("filesystem.squashfs\nxentui.squashfs\n")
    (tree / _MARK).touch()
    (grub / "grub.cfg").write_text(menu(recipe.dom0_memory))
    early = work / "early.cfg"
    early.write_text(_EARLY)
    with builder.step("Making the boot loaders"):
        _grub(builder, early, "i386-pc-eltorito", grub / "i386-pc/eltorito.img", ["biosdisk"])
        _grub(builder, early, "x86_64-efi", efi / "EFI/BOOT/BOOTX64.EFI", [])
        partition = _efi_partition(builder, work, efi, epoch)
    with builder.step(f"Writing {output}"):
        _xorriso(builder, work, tree, partition, output, epoch)


def menu(dom0_memory: int = DOM0_MEMORY_MIB) -> str:
    """GRUB's menu, for a dom0 of so many MiB."""
    text = _MENU.read_text().replace("@XEN@", _XEN.format(memory=dom0_memory))
    return text.replace("@LINUX@", _LINUX).replace("@MEMORY@", str(dom0_memory))


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _grub(builder: Builder, early: Path, platform: str, output: Path, extra: list[str]) -> None:
    builder.run(
        ["grub-mkimage", "-O", platform, "-c", early, "-p", "/boot/grub", "-o", output, *extra, *MODULES],
        deadline=60,
    )


def _efi_partition(builder: Builder, work: Path, efi: Path, epoch: int) -> Path:
    """The EFI system partition as a FAT image, with a fixed serial number."""
    image = work / "efi.img"
    loader = efi / "EFI/BOOT/BOOTX64.EFI"
    os.utime(loader, (epoch, epoch))
    sectors = (loader.stat().st_size + 256 * 1024) // 512
    image.write_bytes(b"\0" * (sectors * 512))
    when = {"SOURCE_DATE_EPOCH": str(epoch)}
    builder.run(["mformat", "-i", image, "-N", "0", "-T", str(sectors), "::"], deadline=30, environment=when)
    builder.run(["mmd", "-i", image, "::/EFI", "::/EFI/BOOT"], deadline=30, environment=when)
    builder.run(["mcopy", "-m", "-i", image, loader, "::/EFI/BOOT/"], deadline=30, environment=when)
    return image


def _xorriso(builder: Builder, work: Path, tree: Path, partition: Path, output: Path, epoch: int) -> None:
    stamp = time.strftime("%Y%m%d%H%M%S00", time.gmtime(epoch))
    made = output.with_name(output.name + ".partial")
    output.parent.mkdir(parents=True, exist_ok=True)
    builder.run(
        ["xorriso", "-as", "mkisofs", "-o", made, "-V", _LABEL, "-r", "-J", "-joliet-long",
         f"--modification-date={stamp}", "--set_all_file_dates", stamp,
         "-b", "boot/grub/i386-pc/eltorito.img", "-no-emul-boot", "-boot-load-size", "4",
         "-boot-info-table", "--grub2-boot-info",
         "--grub2-mbr", "/usr/lib/grub/i386-pc/boot_hybrid.img",
         "-append_partition", "2", "0xef", partition, "-appended_part_as_gpt",
         "-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", tree],
        deadline=300, environment={"SOURCE_DATE_EPOCH": str(epoch)}, cwd=work,
    )  # fmt: skip
    made.replace(output)
