"""What whoever builds the Live CD chose: packages of Debian, and files of xentui's layer."""

from __future__ import annotations

import shutil
from pathlib import Path

from xentui.livecd.recipe import Recipe
from xentui.livecd.tools import BuildError

#: The Debian Installer for booting in a guest: kernels and initrds, text and graphical; and GRUB for what it installs.
INSTALLER_PACKAGES = ("debian-installer-13-netboot-amd64", "grub-xen-host")


def packages(recipe: Recipe) -> tuple[str, ...]:
    """The packages beyond the Live CD's own that the choices need."""
    wanted = list(recipe.packages)
    if recipe.installer:
        wanted += INSTALLER_PACKAGES
    if recipe.keyboard is not None:
        wanted += ["console-setup", "keyboard-configuration", "kbd"]
    if recipe.locale is not None:
        wanted.append("locales")
    if recipe.timezone is not None:
        wanted.append("tzdata")
    return tuple(wanted)


def add_choices(root: Path, recipe: Recipe) -> None:
    """Write the files of the choices below `root`. Raises BuildError, OSError."""
    if recipe.keyboard is not None:
        _keyboard(root, recipe.keyboard)
    if recipe.locale is not None:
        _write(root / "etc/default/locale", f"LANG={recipe.locale}\n")
    if recipe.timezone is not None:
        _write(root / "etc/timezone", recipe.timezone + "\n")
        (root / "etc/localtime").symlink_to(f"/usr/share/zoneinfo/{recipe.timezone}")
    if recipe.ssh_keys:
        _keys(root, recipe.ssh_keys)
    for path in recipe.walkthroughs:
        if path.suffix != ".md" or not path.is_file():
            raise BuildError(f"{path}: a walkthrough is a file NAME.md, and there is none")
        target = root / "etc/xentui/walkthroughs" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def enable(root: Path, unit: str, source: str, target: str = "multi-user.target") -> None:
    """Enable a systemd unit, as systemctl(1) does it: by a link."""
    wants = root / f"etc/systemd/system/{target}.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / unit).symlink_to(source)


def open_sshd(root: Path) -> None:
    """Let sshd start at boot, with a host key made there."""
    enable(root, "ssh.service", "/usr/lib/systemd/system/ssh.service")
    enable(root, "xenlive-hostkey.service", "../xenlive-hostkey.service")


def _keyboard(root: Path, layout: str) -> None:
    _write(root / "etc/default/keyboard", f'XKBMODEL="pc105"\nXKBLAYOUT="{layout}"\nXKBVARIANT=""\nXKBOPTIONS=""\n')
    # What Debian's package cached at its installation is for another keyboard.
    enable(root, "xenlive-keyboard.service", "../xenlive-keyboard.service")


def _keys(root: Path, keys: tuple[str, ...]) -> None:
    text = "".join(f"{key}\n" for key in keys)
    for user in ("root", "livexen"):
        _write(root / f"etc/ssh/authorized_keys.d/{user}", text)
    open_sshd(root)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
