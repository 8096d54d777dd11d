"""The other hosts, by the names that the user has for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xentui.guests.errors import GuestError
from xentui.host import Host


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
    name = _called(target)
    return name.partition(":")[0] if target.startswith("ssh://") else name


def _called(target: str) -> str:
    """As `SshHost` calls itself: without user, with the port."""
    return target.removeprefix("ssh://").rpartition("@")[2]


def beside(here: Host, known: Sequence[str]) -> dict[str, str]:
    """The hosts of the list that are others than this one, by the names that they
    are shown under: the host's own, or the whole entry where two have that one."""
    others = [target for target in dict.fromkeys(known) if _called(target) != here.name]
    shared = Counter(map(short, others))
    return {short(target) if shared[short(target)] == 1 else target: target for target in others}
