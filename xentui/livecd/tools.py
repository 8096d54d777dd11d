"""Running the tools that build: long, talkative programs, of which only progress and the last lines matter."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: How many of a failed tool's last lines the error shows.
_TAIL_LINES = 15


class BuildError(Exception):
    """The build cannot go on. `str()` says what, where and what to do about it."""


@dataclass
class Builder:
    """Says each step as it goes and runs the tools of the build, their output going to `log`."""

    log: Path
    say: Callable[[str], None] = print
    started: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One line when a step begins; one with the seconds it took when it is done."""
        begun = time.monotonic()
        self.say(f"  {title} ...")
        yield
        self.say(f"  {title}: {time.monotonic() - begun:.0f} s")

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        deadline: float,
        environment: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Run a tool for at most `deadline` seconds. Raises BuildError with the tool's last lines."""
        words = [str(word) for word in argv]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ {shlex.join(words)}\n")
            log.flush()
            start = self.log.stat().st_size
            source = stdin.open("rb") if stdin else None
            try:
                done = subprocess.run(
                    words,
                    stdin=source or subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                    cwd=cwd,
                    timeout=deadline,
                    check=False,
                )
            except FileNotFoundError:
                raise BuildError(missing([words[0]])) from None
            except subprocess.TimeoutExpired:
                raise self._failed(words[0], f"was not done within {deadline:g} s", start) from None
            finally:
                if source:
                    source.close()
        if done.returncode:
            raise self._failed(words[0], f"ended with status {done.returncode}", start)

    def _failed(self, tool: str, how: str, start: int) -> BuildError:
        with self.log.open("rb") as log:
            log.seek(start)
            lines = log.read().decode("utf-8", "replace").splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        return BuildError(f"{tool} {how}. Its last lines (all of them: {self.log}):\n{tail}")


#: The Debian package of each tool that the build calls.
PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "tar2sqfs": "squashfs-tools-ng",
    "mksquashfs": "squashfs-tools",
    "xorriso": "xorriso",
    "mformat": "mtools",
    "mcopy": "mtools",
    "mmd": "mtools",
    "grub-mkimage": "grub-common",
}


def missing(tools: Sequence[str]) -> str:
    """The sentence that says which packages to install for `tools`."""
    packages = sorted({PACKAGES.get(tool, tool) for tool in tools})
    names = ", ".join(tools)
    verb = "is" if len(tools) == 1 else "are"
    return f"{names} {verb} not installed. As root: apt-get install {' '.join(packages)}"


def check_tools() -> None:
    """Raises BuildError, naming the packages, when a tool or GRUB's files are not here."""
    absent = [tool for tool in PACKAGES if shutil.which(tool) is None]
    if absent:
        raise BuildError(missing(absent))
    for folder, package in (("i386-pc", "grub-pc-bin"), ("x86_64-efi", "grub-efi-amd64-bin")):
        if not Path("/usr/lib/grub", folder, "multiboot2.mod").exists():
            raise BuildError(f"GRUB's {folder} files are not installed. As root: apt-get install {package}")
