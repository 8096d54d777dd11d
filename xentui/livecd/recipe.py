"""What a Live CD is to be made of: the options of `xentui livecd build`, or a workshop's profile file."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SUITES = ("trixie",)

#: MiB that dom0 gets: the guide's figure. Below the least, dom0 with its tools does not come up well.
DOM0_MEMORY_MIB = 640
LEAST_DOM0_MEMORY_MIB = 384


class RecipeError(Exception):
    """A profile or an option that cannot be used; the message is one sentence that says where."""


def default_cache() -> Path:
    """Where parts are kept between builds (XDG base directories)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "xentui" / "livecd"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build. `test_key` is a public ssh key line; `mode` is one of mmdebstrap(1)'s; with `guest_disks` the
    guests have their files on shared read-only disks, not in memory; with `xl_guests` they are xl's alone, unknown to
    libvirt.

    `keyboard` is an XKB layout (``de``), `locale` a locale of Debian's (``de_DE.UTF-8``), `timezone` a file of
    tzdata (``Europe/Berlin``); None leaves Debian's own. `ssh_keys` are public key lines: with one, sshd listens.
    """

    output: Path
    cache: Path
    suite: str = "trixie"
    mirror: str | None = None
    guests: bool = True
    guest_disks: bool = True
    xl_guests: bool = False
    hvm: bool = False
    installer: bool = False
    packages: tuple[str, ...] = ()
    keyboard: str | None = None
    locale: str | None = None
    timezone: str | None = None
    ssh_keys: tuple[str, ...] = ()
    walkthroughs: tuple[Path, ...] = ()
    dom0_memory: int = DOM0_MEMORY_MIB
    test_key: str | None = None
    mode: str = "auto"
    fresh: bool = False

    def __post_init__(self) -> None:
        for what, value, pattern in (
            ("keyboard", self.keyboard, r"[a-z]{2,12}"),
            ("locale", self.locale, r"[a-z]{2,3}_[A-Z]{2}\.UTF-8"),
            ("timezone", self.timezone, r"[A-Z][A-Za-z_+-]+(/[A-Za-z0-9_+-]+){0,2}"),
        ):
            if value is not None and not re.fullmatch(pattern, value):
                raise RecipeError(f"{what} {value!r}: not one that Debian knows, such as {_EXAMPLES[what]}")
        for package in self.packages:
            if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package):
                raise RecipeError(f"package {package!r}: that is no name of a Debian package")
        for key in self.ssh_keys:
            if not re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?", key):
                raise RecipeError(f"ssh key {key[:40]!r}: that is no line of a public key file, ssh-ed25519 AAAA...")
        if self.dom0_memory < LEAST_DOM0_MEMORY_MIB:
            raise RecipeError(f"dom0 with {self.dom0_memory} MiB: it needs {LEAST_DOM0_MEMORY_MIB} at least")


_EXAMPLES = {"keyboard": "us, de or fr", "locale": "de_DE.UTF-8", "timezone": "Europe/Berlin"}

#: What a profile may say, and the type of each in TOML.
_PROFILE: dict[str, type] = {
    "suite": str, "mirror": str, "guests": bool, "xl_guests": bool, "hvm": bool, "installer": bool, "packages": list,
    "keyboard": str, "locale": str, "timezone": str, "ssh_keys": list, "walkthroughs": list, "dom0_memory": int,
}  # fmt: skip
assert set(_PROFILE) <= {field.name for field in fields(Recipe)}  # noqa: S101 - a profile says nothing else


def load_profile(path: Path) -> dict[str, Any]:
    """What the profile file says, as keyword arguments of `Recipe`. Raises RecipeError, OSError.

    TOML; files in it (`walkthroughs`, and `ssh_keys` that are no key lines) are meant from the profile's folder.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: {error}") from None
    for key, value in list(said.items()):
        if key not in _PROFILE:
            raise RecipeError(f"{path}: unknown key {key!r}; a profile knows {', '.join(sorted(_PROFILE))}")
        wanted = _PROFILE[key]
        entries = value if isinstance(value, list) else []
        if type(value) is not wanted or not all(isinstance(entry, str) for entry in entries):
            raise RecipeError(f"{path}: {key} must be {_NAMES[wanted]}")
    folder = path.parent
    if "packages" in said:
        said["packages"] = tuple(said["packages"])
    if "ssh_keys" in said:
        said["ssh_keys"] = tuple(line for key in said["ssh_keys"] for line in key_lines(key, folder))
    if "walkthroughs" in said:
        said["walkthroughs"] = tuple(folder / name for name in said["walkthroughs"])
    return said


_NAMES = {str: "a text in quotes", bool: "true or false", int: "a number", list: "a list of texts"}


def key_lines(key: str, folder: Path = Path()) -> list[str]:
    """The key lines that `key` means: itself, or those of the file that it names. Raises OSError."""
    if " " in key.strip():
        return [key.strip()]
    lines = (folder / key).expanduser().read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
