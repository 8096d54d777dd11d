"""A domain as ``xentui list --json`` gives it. The keys are fixed: scripts rely on them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from xentui.domains.domain import Domain

KEYS = (
    "name",
    "id",
    "uuid",
    "state",
    "type",
    "vcpus",
    "memory_mib",
    "max_memory_mib",
    "cpu_percent",
    "cpu_seconds",
    "managed_by",
    "config_file",
    "autostart",
    "stale_seconds",
)


def domain_json(domain: Domain) -> dict[str, Any]:
    """What `json.dumps` takes; None where unknown. Bytes that are no UTF-8 come out as ``\\ufffd``."""
    values: dict[str, Any] = {key: getattr(domain, key) for key in KEYS}
    values["state"] = str(domain.state)
    values["managed_by"] = list(domain.managed_by)
    for key in ("name", "config_file"):
        values[key] = _clean(values[key])
    return values


def domain_details_json(domain: Domain) -> dict[str, Any]:
    """The same with its note, saved state, disks and interfaces, as ``xentui info NAME --json`` gives it."""
    return {
        **domain_json(domain),
        "note": _clean(domain.note),
        "save_file": _clean(domain.save_file),
        "disks": [{**asdict(disk), "target": _clean(disk.target)} for disk in domain.disks],
        "interfaces": [asdict(interface) for interface in domain.interfaces],
    }


def _clean(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
