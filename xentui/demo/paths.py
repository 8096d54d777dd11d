"""Where things stand in a demo directory, and which paths of the dom0 they stand for."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PurePosixPath

#: Folders and files of the simulated dom0. All other paths are this machine's own.
MAPPED = (
    "/boot",
    "/etc/xen",
    "/etc/xentui",
    "/etc/motd",
    "/etc/hostname",
    "/home/livexen",
    "/run/lock",
    "/run/xentui",
    "/srv/xen",
    "/usr/lib/debian-installer",
    "/usr/lib/grub-xen",
    "/usr/lib/xentui",
    "/var/lib/xen",
    "/var/lib/xentui",
    "/var/lock",
    "/var/log/xen",
    "/var/log/xentui",
)


#: overlayfs's own folder beside each upper layer.
_WORK = "work"


def remove(directory: Path) -> None:
    """Remove a demo directory. The work folders of the learner's shell's overlays let nobody in at first."""
    for depth in ("*", "*/*"):
        for folder in (directory / "overlay").glob(f"{depth}/{_WORK}/*"):
            with contextlib.suppress(OSError):
                folder.chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


class Layout:
    """The files of one demo directory."""

    #: The name of the second demo dom0, and of its folder in the first one's: see `neighbours`.
    SECOND = "demo2"

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory).absolute()
        self.root = self.directory / "root"
        self.bin = self.directory / "bin"
        self.shell_bin = self.directory / "shell-bin"
        self.lib = self.directory / "lib"
        self.socket = self.directory / "socket"
        self.state = self.directory / "state.json"
        self.log = self.directory / "daemon.log"

    def path(self, path: str, folder: str = "/") -> Path:
        """Where `path`, as a program in `folder` would name it in the demo dom0, stands on this machine."""
        absolute = os.path.normpath(PurePosixPath(folder) / path)
        if absolute.startswith("//"):
            absolute = absolute[1:]
        if any(absolute == place or absolute.startswith(place + "/") for place in MAPPED):
            return self.root / absolute.lstrip("/").replace("run/lock", "var/lock", 1)
        return Path(absolute)

    @property
    def second(self) -> Layout:
        """The second demo dom0's, inside this one's."""
        return Layout(self.directory / self.SECOND)

    @property
    def is_second(self) -> bool:
        """Whether it lies inside the directory of another demo."""
        return self.directory.name == self.SECOND and (self.directory.parent / "lib/client.pyc").exists()

    @property
    def hostname(self) -> str:
        """What the machine calls itself."""
        try:
            return (self.root / "etc/hostname").read_text(encoding="utf-8").strip()
        except OSError:
            return self.SECOND if self.is_second else "xenlive"
