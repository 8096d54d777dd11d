"""The other hosts, by the names that the user has for them."""

from __future__ import annotations

from collections.abc import Sequence

from xentui.guests.errors import GuestError


def chosen(target: str, known: Sequence[str]) -> str:
    """The host of the list that `target` means, by its whole entry or by its host's name alone; else `target` itself.
    Raises GuestError where it could be two."""
    if target in known:
        return target
    meant = [entry for entry in known if short(entry) == target]
    if len(meant) > 1:
        raise GuestError(f"{target} could be {' or '.join(meant)}: give it as it stands in settings.toml.")
    return meant[0] if meant else target


def short(target: str) -> str:
    """The host's name alone: without user and port."""
    name = target.removeprefix("ssh://").rpartition("@")[2]
    return name.partition(":")[0] if target.startswith("ssh://") else name
