"""Writing a guest's configuration file in the language of xl.cfg(5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xentui.guests.errors import GuestError
from xentui.guests.spec import Disk
from xentui.xlcfg.check import check
from xentui.xlcfg.diskspec import DiskSpec
from xentui.xlcfg.diskwriter import modern_disk
from xentui.xlcfg.edit import written
from xentui.xlcfg.findings import Severity

#: Values of a configuration file by their keys, in the order in which they are written.
Settings = dict[str, str | int | list[str]]


def render(settings: Mapping[str, str | int | Sequence[str]], comment: str = "") -> str:
    """The text of a configuration file. Raises GuestError when xl would not take it: then it is not written."""
    lines = [f"# {line}" for line in comment.splitlines()]
    for key, value in settings.items():
        lines.append(f"{key} = {written(value)}")
    text = "\n".join(lines) + "\n"
    refuse_bad(text, "The new configuration")
    return text


def refuse_bad(text: str, what: str) -> None:
    """Raises GuestError when xl would refuse the text of a configuration file."""
    errors = [found for found in check(text) if found.severity is Severity.ERROR]
    if errors:
        raise GuestError(f"{what} would be refused by xl, at line {errors[0].line}: {errors[0].message}")


def disk_setting(disk: Disk) -> str:
    """A disk as an item of ``disk``."""
    return modern_disk(
        DiskSpec(
            target=disk.path, format=disk.format, vdev=disk.vdev, writable=disk.writable and not disk.cdrom,
            cdrom=disk.cdrom,
        )
    )  # fmt: skip
