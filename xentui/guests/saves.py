"""All that is saved of guests, which of it still goes with a guest's disks, and the way to be rid of a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.domains import savefiles
from xentui.domains.savefiles import SavedGuest, SavedGuests
from xentui.guests.errors import GuestError
from xentui.guests.files import shown_size
from xentui.guests.snapshots.tree import FOLDER as SNAPSHOTS
from xentui.host import Host, HostError


@dataclass(frozen=True, slots=True)
class Save:
    """A saved guest's file. It is `current` unless the guest has run since, or was saved once more."""

    guest: SavedGuest
    current: bool

    @property
    def warning(self) -> str:
        """What restoring it would do; "" where nothing speaks against it."""
        if self.current:
            return ""
        return "The guest has run since this was saved: its disks are others now, and the old memory would ruin them."

    def describe(self) -> str:
        """When it was saved, how large it is, and what it is good for."""
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.guest.mtime))
        return f"{when}  {shown_size(self.guest.size):>8}  {'can be restored' if self.current else 'old: it ran since'}"


def saves(host: Host, name: str = "") -> list[Save]:
    """What is saved of the guest, or of all: guest by guest, the newest first. Raises HostError."""
    found = [
        save
        for save in _every(host)
        if name in ("", save.guest.name)
        # A snapshot's memory is the snapshot's, unless it is all that is left of the guest's.
        and (save.current or not save.guest.path.startswith(f"{SNAPSHOTS}/"))
    ]
    return sorted(found, key=lambda save: save.guest.name)


def save_in(host: Host, path: str) -> Save | None:
    """What is known of that file; None of one that nobody saved here. Raises HostError."""
    return next((save for save in _every(host) if save.guest.path == path), None)


def _every(host: Host) -> Iterator[Save]:
    known = SavedGuests(host)
    current = known.list()
    for guest in reversed(known.every()):
        yield Save(guest, guest in current)


def find(host: Host, wanted: str) -> Save:
    """The save of that file, or the only one of the guest of that name. Raises GuestError."""
    found = saves(host)
    if (exact := next((save for save in found if save.guest.path == wanted), None)) is not None:
        return exact
    own = [save for save in found if save.guest.name == wanted]
    if not own:
        raise GuestError(f"Nothing is saved of {wanted}: xentui saved lists all that is.")
    if len(own) > 1:
        paths = ", ".join(save.guest.path for save in own)
        raise GuestError(f"Of {wanted} {len(own)} files are there; say which: {paths}")
    return own[0]


def discard(host: Host, save: Save) -> None:
    """Remove the file. Raises GuestError."""
    try:
        savefiles.remove(host, save.guest.path)
    except HostError as error:
        raise GuestError(str(error)) from error
