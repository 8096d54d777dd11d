"""A guest's files: the same for all of them, and what each has changed."""

from __future__ import annotations

import posixpath

FOLDERS = ("/", "/bin", "/etc", "/home", "/home/livexen", "/proc", "/root", "/srv", "/usr", "/var", "/var/log", "/tmp")  # noqa: S108 - of a guest


def _common(name: str) -> dict[str, str]:
    return {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n",
        "/etc/issue": "Debian GNU/Linux 13 \\n \\l\n\n",
        "/etc/debian_version": "13.1\n",
        "/etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nID=debian\n',
        "/etc/fstab": "/dev/xvda / ext4 ro 0 1\ntmpfs /tmp tmpfs nosuid,nodev 0 0\n",
        "/etc/motd": (
            f"\nThis is {name}, a simulated guest of the xentui demo: nothing here is real,\n"
            "and nothing you do here can break anything. `help` lists its commands.\n\n"
        ),
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nlivexen:x:1000:1000:Xen Live CD:/home/livexen:/bin/sh\n",
        "/home/livexen/README": (
            "A guest of the Xen Live CD. Its disk is read-only, changes are kept in memory\n"
            "and are gone after a reboot. To leave the console, press CONTROL + ].\n"
        ),
        "/proc/version": "Linux version 6.12.48+deb13-amd64 #1 SMP Debian\n",
        "/proc/cpuinfo": "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: xentui demo CPU\n",
        "/proc/sysrq-trigger": "",
    }


class Files:
    """Plain files by their whole path. `changed` holds what differs from the common ones; None is removed."""

    def __init__(self, name: str) -> None:
        self._common = _common(name)
        self.changed: dict[str, str | None] = {}

    def read(self, path: str) -> str | None:
        return self.changed[path] if path in self.changed else self._common.get(path)

    def write(self, path: str, text: str) -> bool:
        """False where there is no such folder."""
        if posixpath.dirname(path) not in FOLDERS or path in FOLDERS:
            return False
        self.changed[path] = text
        return True

    def remove(self, path: str) -> bool:
        if self.read(path) is None:
            return False
        self.changed[path] = None
        return True

    def is_folder(self, path: str) -> bool:
        return path in FOLDERS

    def entries(self, folder: str) -> list[str]:
        """The names in a folder, sorted; folders end with a slash."""
        files = {path for path in (*self._common, *self.changed) if self.read(path) is not None}
        names = {posixpath.basename(path) for path in files if posixpath.dirname(path) == folder}
        names |= {
            posixpath.basename(path) + "/" for path in FOLDERS if path != "/" and posixpath.dirname(path) == folder
        }
        return sorted(names)
