"""The snapshots of a guest, as a tree: which was taken after which, and where their parts are.

A JSON file, ``/var/lib/xentui/snapshots/NAME/tree.json``: ``{"format": 1, "current", "snapshots": [{"id", "parent",
"taken", "description", "memory", "complete", "disks": [{"vdev", "target", "kind", "place"}]}]}``. `taken` is in epoch
seconds, `current` the snapshot that the guest as it is now came from.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.host import Host, HostError

FOLDER = "/var/lib/xentui/snapshots"
FORMAT = 1
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class DiskPart:
    """A disk in a snapshot; `kind` is copy (`place` is a file), qcow2 (a name within the image), volume (a device)."""

    vdev: str
    target: str
    kind: str
    place: str


@dataclass(slots=True)
class GuestSnapshot:
    """A snapshot. `memory` is a file that xl restores, "" where the guest was off."""

    id: str
    parent: str = ""
    taken: float = 0.0
    description: str = ""
    memory: str = ""
    complete: bool = False
    disks: list[DiskPart] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """All snapshots of the guest `name`, in the order of their taking."""

    name: str
    current: str = ""
    snapshots: list[GuestSnapshot] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"{folder(self.name)}/tree.json"

    def find(self, wanted: str) -> GuestSnapshot:
        """The snapshot of that name. Raises GuestError."""
        found = next((one for one in self.snapshots if one.id == wanted), None)
        if found is None:
            names = ", ".join(one.id for one in self.snapshots) or "none yet"
            raise GuestError(f"{self.name} has no snapshot {wanted!r}; there are: {names}.")
        return found

    def rows(self) -> Iterator[tuple[int, GuestSnapshot]]:
        """Every snapshot below the one it was taken after, with its depth."""
        known = {one.id for one in self.snapshots}

        def below(parent: str, depth: int) -> Iterator[tuple[int, GuestSnapshot]]:
            for one in self.snapshots:
                if (one.parent if one.parent in known else "") == parent:
                    yield depth, one
                    yield from below(one.id, depth + 1)

        yield from below("", 0)

    def forget(self, snapshot: GuestSnapshot) -> None:
        """Take it out: what was taken after it, was taken after the one before it now."""
        self.snapshots.remove(snapshot)
        for one in self.snapshots:
            if one.parent == snapshot.id:
                one.parent = snapshot.parent
        if self.current == snapshot.id:
            self.current = snapshot.parent

    def save(self, host: Host) -> None:
        """Write it, whole or not at all. Raises GuestError."""
        values = {"format": FORMAT, "current": self.current, "snapshots": [asdict(one) for one in self.snapshots]}
        write_file(host, self.path, json.dumps(values, indent=1) + "\n", mode=0o600)


def folder(name: str) -> str:
    """Where the snapshots of a guest are written down."""
    return f"{FOLDER}/{name}"


def remove_empty(host: Host, name: str) -> None:
    """Take away what is left of a guest's snapshots once there are none."""
    path = host.path(folder(name))
    with contextlib.suppress(OSError):  # what else somebody has put there, stays
        path.joinpath("tree.json").unlink(missing_ok=True)
        path.rmdir()


def id_complaint(text: str) -> str | None:
    """Why no snapshot can have that name; None if one can."""
    if _ID.fullmatch(text) is None:
        return f"{text!r} is no name for a snapshot: letters, digits and . _ - are, at most 40 of them."
    return None


def load(host: Host, name: str) -> Tree:
    """The snapshots of a guest, none if there are none. Raises GuestError when they cannot be read."""
    tree = Tree(name)
    if "/" in name or not host.path(tree.path).exists():
        return tree
    try:
        values = json.loads(host.read(tree.path))
        if values["format"] != FORMAT:
            raise GuestError(f"{tree.path}: is of format {values['format']}; this xentui knows {FORMAT} only")
        tree.current = str(values["current"])
        for one in values["snapshots"]:
            disks = [DiskPart(**part) for part in one.pop("disks")]
            tree.snapshots.append(GuestSnapshot(**one, disks=disks))
    except HostError as error:
        raise GuestError(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, GuestError):
            raise
        raise GuestError(f"{tree.path}: holds no snapshots that xentui can read ({error})") from error
    return tree
