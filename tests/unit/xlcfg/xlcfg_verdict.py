"""Whether the checker and the real xl agree about a file."""

from __future__ import annotations

from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Finding, Severity

#: What `xl -N create`, which only reads the file, takes all the same, and a real create refuses: code, and key or "".
#: Last seen on Xen 4.20 as Debian 13 has it; those that need no QEMU are tried again in tests/xen.
ONLY_A_REAL_CREATE_REFUSES = {
    ("out-of-range", "cpu_weight"), ("out-of-range", "cap"), ("unknown-word", "tsc_mode"), ("no-kernel", ""),
    ("out-of-range", "vcpus"), ("out-of-range", "maxvcpus"), ("passthrough", ""), ("altp2m-nested", ""),
    ("altp2m-maxmem", ""), ("small-videoram", ""), ("memory-videoram", ""), ("vnuma-pv", ""),
    ("bad-vnuma", "memory"), ("bad-vdev", ""),
    ("vdev-twice", ""), ("read-only-hvm", ""), ("devid-twice", ""), ("bad-boot", ""), ("usb-twice", ""),
    ("spice-password", ""), ("spice-port", ""), ("debian-refuses", ""), ("bad-keymap", ""),
    ("bad-device", "p9"), ("bad-device", "channel"),
}  # fmt: skip


def disagreement(text: str, status: int | None) -> str:
    """What is wrong with the findings in `text`, if xl ends with `status`; "" if nothing is."""
    errors = [finding for finding in check(text) if finding.severity is Severity.ERROR]
    if status != 0 and not errors:
        return f"xl refuses it (exit {status}), and no finding is an error:\n{text}"
    wrong = [finding for finding in errors if not _late(finding)]
    if status == 0 and wrong:
        return f"xl takes it, but {wrong[0].code}: {wrong[0].message}\n{text}"
    return ""


def _late(finding: Finding) -> bool:
    return bool({(finding.code, ""), (finding.code, finding.key)} & ONLY_A_REAL_CREATE_REFUSES)
