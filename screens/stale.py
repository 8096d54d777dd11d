"""A snapshot that became old because nothing answers any more."""

from __future__ import annotations

from dataclasses import replace

from xentui.domains.domain import Snapshot


def aged(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same, with every domain that Xen had marked as `seconds` old."""
    domains = tuple(
        replace(domain, stale_seconds=max(seconds, domain.stale_seconds or 0.0)) if domain.state.alive else domain
        for domain in snapshot.domains
    )
    return replace(snapshot, domains=domains)
