"""A snapshot that became old because nothing answers any more."""

from __future__ import annotations

from dataclasses import replace

from xentui.domains import domain
from xentui.domains.domain import Snapshot


def aged(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same, with every domain that Xen had marked as `seconds` old."""
    return replace(snapshot, domains=domain.aged(snapshot.domains, seconds))
