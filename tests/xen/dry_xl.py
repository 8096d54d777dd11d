"""Debian 13's real xl, out of the Live CD's own root, judging files without a Xen under it.

What stands in for the hypervisor is xl_without_xen.c. A file takes some 5 ms, so thousands can be asked about.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
#: Seconds. Some ranges ("0-99999999999") keep xl busy for ever; that is as good as a refusal.
_DEADLINE = 10.0
_FILES = ("usr/lib/xen-4.20/bin/xl", "usr/lib/x86_64-linux-gnu/*.so*", "var/lib/dpkg/status")


@dataclass(frozen=True)
class Answer:
    """xl's exit status (None: it never ended) and what it said."""

    status: int | None
    said: str

    @property
    def taken(self) -> bool:
        return self.status == 0


class DryXl:
    """xl of the ISO, unpacked into `folder`."""

    def __init__(self, iso: Path, folder: Path) -> None:
        self._root = folder / "root"
        squashfs = folder / "filesystem.squashfs"
        if not squashfs.exists():
            _run(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/live/filesystem.squashfs", squashfs])
            _run(["unsquashfs", "-no-xattrs", "-n", "-q", "-f", "-d", self._root, squashfs, *_FILES])
        self._shim = folder / "xl_without_xen.so"
        fresh = folder / f"xl_without_xen.{os.getpid()}.so"  # another run may be using the one that is there
        _run(["gcc", "-shared", "-fPIC", "-O1", "-o", fresh, _HERE / "xl_without_xen.c"])
        fresh.replace(self._shim)

    def version(self) -> str:
        """Of the Debian package, such as 4.20.3+127-0+deb13u1."""
        status = (self._root / "var/lib/dpkg/status").read_text()
        about = status.partition("\nPackage: xen-utils-4.20\n")[2].partition("\n\n")[0]
        return next(line.partition(": ")[2] for line in about.splitlines() if line.startswith("Version: "))

    def ask(self, text: str) -> Answer:
        """What xl makes of a configuration file with this text, which it only reads: `xl -N create`."""
        return self._xl(text, "-N", "create")

    def create(self, text: str) -> Answer:
        """What libxl makes of it, as far as to the making of a domain; a file that came so far counts as taken."""
        found = self._xl(text, "-v", "create", "-F")
        return Answer(0, "") if "libxl__domain_make" in found.said else found

    def ask_all(self, texts: Iterable[str]) -> list[Answer]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(self.ask, texts))

    def create_all(self, texts: Iterable[str]) -> list[Answer]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(self.create, texts))

    def _xl(self, text: str, *words: str) -> Answer:
        libraries = self._root / "usr/lib/x86_64-linux-gnu"
        with tempfile.NamedTemporaryFile(suffix=".cfg") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            argv = [
                libraries / "ld-linux-x86-64.so.2", "--library-path", libraries, "--preload", self._shim,
                self._root / "usr/lib/xen-4.20/bin/xl", *words, file.name,
            ]  # fmt: skip
            try:
                done = subprocess.run(
                    argv, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=_DEADLINE
                )
            except subprocess.TimeoutExpired:
                return Answer(None, "it never ended")
        return Answer(done.returncode, done.stderr.decode(errors="replace").replace(file.name, "FILE"))


def _run(argv: list[object]) -> None:
    done = subprocess.run([str(word) for word in argv], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{argv[0]}: {done.stderr[-500:]}"
