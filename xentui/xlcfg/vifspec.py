"""A network interface as the ``vif`` key of xl.cfg(5) writes it: xl-network-configuration(5)."""

from __future__ import annotations


def parse_vif(text: str) -> dict[str, str]:
    """The keys and values of a specification; an empty one is an interface with all defaults."""
    values = {}
    for item in text.split(","):
        key, _equals, value = item.strip().partition("=")
        if key:
            values[key.strip()] = value.strip()
    return values


def without(text: str, *keys: str) -> str:
    """The specification without these keys; the rest as it stands."""
    items = (item.strip() for item in text.split(","))
    return ",".join(item for item in items if item and item.partition("=")[0].strip() not in keys)
