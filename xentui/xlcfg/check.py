"""The checker of xl.cfg(5): everything where xl refuses a file, takes something other than what is written, or does
harm with it. Judged by Xen 4.20 as Debian 13 builds it; what only the host can tell (missing files, bridges, memory) is
not asked here.

Sources: tools/xl/xl_parse.c, tools/libs/util, tools/libs/light of Xen 4.20, and real creates in an emulated dom0.
"""

from __future__ import annotations

from collections.abc import Callable

from xentui.xlcfg import (
    boot_rules,
    cpu_rules,
    device_rules,
    disk_rules,
    handed_over_rules,
    hvm_rules,
    value_rules,
    vif_rules,
)
from xentui.xlcfg.findings import Finding, Severity
from xentui.xlcfg.grammar import read
from xentui.xlcfg.sheet import Sheet

_RULES: tuple[Callable[[Sheet], None], ...] = (
    value_rules.check,
    boot_rules.check,
    cpu_rules.check,
    disk_rules.check,
    vif_rules.check,
    device_rules.check,
    handed_over_rules.check,
    hvm_rules.check,
)
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def check(text: str, filename: str = "") -> list[Finding]:
    """All there is to say about the text of a configuration file, in the order of its lines. Never raises."""
    config, findings = read(text, filename)
    sheet = Sheet(
        text, config, whole=not any(finding.code != "dos-line-ends" for finding in findings), findings=findings
    )
    for rules in _RULES:
        rules(sheet)
    return sorted(sheet.findings, key=lambda f: (f.line, f.column, _ORDER[f.severity], f.code))


def mend(text: str) -> str:
    """The text with every mechanical repair made that its findings offer, errors and warnings only."""
    for _ in range(200):
        findings = [f for f in check(text) if f.repair is not None and f.severity != Severity.INFO]
        if not findings or findings[0].repair is None:
            break
        text = findings[0].repair.apply(text)
    return text
