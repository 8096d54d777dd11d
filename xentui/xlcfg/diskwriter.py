"""A disk written as xl-disk-configuration(5) advises: named fields, the target last."""

from __future__ import annotations

from xentui.xlcfg.diskspec import DiskSpec


def modern_disk(spec: DiskSpec) -> str:
    """The specification in its modern form; it means the same."""
    fields: list[str] = []
    empty = spec.format == "empty" or not spec.target
    if not empty:
        fields.append(f"format={spec.format}")
    fields.append(f"vdev={spec.vdev}")
    if spec.cdrom:
        fields.append("devtype=cdrom")
    else:
        fields.append(f"access={'rw' if spec.writable else 'ro'}")
    if spec.script:
        fields.append(f"script={spec.script}")
    for name, value in spec.options.items():
        if name != "cdrom":
            fields.append(f"{name}={value}" if value else name)
    if not empty:
        fields.append(f"target={spec.target}")
    return ", ".join(fields)
