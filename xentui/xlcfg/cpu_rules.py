"""Rules about vCPUs, scheduling, memory and NUMA."""

from __future__ import annotations

import re

from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet

#: A list of CPUs: xl.cfg(5), "CPU AFFINITY".
_RANGE = re.compile(r"\s*\^?(?:all|(?:nodes?:)?\^?\s*[0-9]+(?:\s*-\s*[0-9]+)?|nodes?:all)\s*")
#: What QEMU's graphics cards need, in MiB.
_VIDEO_MEMORY = {"stdvga": 16, "cirrus": 8, "qxl": 128, "none": 0}
_SMALL_MIB = 64
_MORE_WEIGHT = 65535


def check(sheet: Sheet) -> None:
    _vcpus(sheet)
    _scheduling(sheet)
    _cpus(sheet)
    _memory(sheet)
    if sheet.guest == "hvm":
        _video_memory(sheet)
    _vnuma(sheet)


def _vcpus(sheet: Sheet) -> None:
    vcpus, most = sheet.config.number("vcpus"), sheet.config.number("maxvcpus")
    if vcpus is not None and vcpus < 0:
        sheet.report(ERROR, "out-of-range", "vcpus", f"{vcpus} vCPUs: it is at least 1")
    elif vcpus == 0:
        value = sheet.config.value("vcpus")
        repair = sheet.instead(value, "1") if value else None
        sheet.report(WARNING, "out-of-range", "vcpus", "xl makes one vCPU of 0", repair=repair)
    if vcpus and most and 0 < most < vcpus:
        value = sheet.config.value("maxvcpus")
        says = f"maxvcpus ({most}) is less than vcpus ({vcpus})"
        sheet.report(
            ERROR, "maxvcpus-vcpus", "maxvcpus", says, repair=sheet.instead(value, str(vcpus)) if value else None
        )


def _scheduling(sheet: Sheet) -> None:
    weight, cap = sheet.config.number("cpu_weight"), sheet.config.number("cap")
    if weight is not None and not 1 <= weight <= _MORE_WEIGHT:
        sheet.report(ERROR, "out-of-range", "cpu_weight", f"{weight} is no weight: it is from 1 to {_MORE_WEIGHT}")
    most = max(sheet.config.number("vcpus") or 1, sheet.config.number("maxvcpus") or 1)
    if cap is not None and not 0 <= cap <= 100 * most:
        sheet.report(ERROR, "out-of-range", "cap", f"cap is from 0 to {100 * most}, 100 for each vCPU")


def _cpus(sheet: Sheet) -> None:
    for key in ("cpus", "cpus_soft"):
        value = sheet.config.value(key)
        if value is None:
            continue
        if not sheet.config.number("vcpus") and not sheet.config.number("maxvcpus"):
            sheet.report(WARNING, "cpus-without-vcpus", key, f"without vcpus or maxvcpus, xl ignores {key}")
            continue
        for item in sheet.items(key) if value.is_list else [value]:
            if not _is_cpu_list(item):
                says = f"{str(item.content)[:40]!r} is no list of CPUs, like all, 0-3,^1 or nodes:0"
                sheet.report(ERROR, "bad-cpus", key, says, at=item)


def _is_cpu_list(value: Value) -> bool:
    return all(_RANGE.fullmatch(part) for part in str(value.content).split(",") if part)


def _memory(sheet: Sheet) -> None:
    memory, most = sheet.config.number("memory"), sheet.config.number("maxmem")
    if sheet.config.value("memory") is None:
        if sheet.whole and most is None and not sheet.items("vnuma"):
            at = sheet.setting("name")
            sheet.report(WARNING, "no-memory", "memory", "there is no memory; xl gives the guest 32 MiB", at=at)
        return
    if memory is None or memory < 1:
        return  # said by the rule about numbers
    if memory < _SMALL_MIB and sheet.guest == "hvm":
        sheet.report(INFO, "small-memory", "memory", f"{memory} MiB is little for an HVM guest; memory counts in MiB")
    if memory >= 1024 * 1024:
        says = f"{memory} MiB is {memory // (1024 * 1024)} TiB; memory counts in MiB, not in KiB or bytes"
        sheet.report(WARNING, "huge-memory", "memory", says)
    if most is None or most < 1:
        return
    if most < memory:
        value = sheet.config.value("maxmem")
        says = f"maxmem ({most}) is less than memory ({memory}): the guest dies soon after its start"
        sheet.report(
            WARNING, "maxmem-memory", "maxmem", says, repair=sheet.instead(value, str(memory)) if value else None
        )
    elif most > memory and sheet.guest == "hvm":
        alternate = sheet.config.string("altp2m")
        if alternate not in (None, "0", "disabled") or sheet.flag("altp2mhvm", False):
            sheet.report(ERROR, "altp2m-maxmem", "altp2m", "altp2m and maxmem above memory exclude each other")
        says = "an HVM guest that starts below maxmem crashes, unless it has a balloon driver"
        sheet.report(INFO, "balloon", "maxmem", says)


def _video_memory(sheet: Sheet) -> None:
    video, memory = sheet.config.number("videoram"), sheet.config.number("memory")
    if video is None:
        return
    card = sheet.config.string("vga") or ("stdvga" if sheet.config.number("stdvga") else "cirrus")
    least = _VIDEO_MEMORY.get(card, 0)
    value = sheet.config.value("videoram")
    if 0 <= video < least:
        says = f"{card} needs at least {least} MiB of videoram"
        sheet.report(
            ERROR, "small-videoram", "videoram", says, repair=sheet.instead(value, str(least)) if value else None
        )
    elif memory is not None and 0 < memory <= video:
        sheet.report(ERROR, "memory-videoram", "memory", f"memory ({memory}) must be more than videoram ({video})")


def _vnuma(sheet: Sheet) -> None:
    value = sheet.config.value("vnuma")
    if value is None or not isinstance(value.content, tuple) or not value.content:
        return
    if sheet.guest == "pv":
        sheet.report(ERROR, "vnuma-pv", "vnuma", "a PV guest cannot have NUMA nodes")
    for node in value.content:
        if not isinstance(node.content, tuple):
            says = 'each node is a list of its own: ["pnode=0", "size=512", "vcpus=0-1"]'
            sheet.report(ERROR, "bad-vnuma", "vnuma", says, at=node)
            return
        for item in node.content:
            if isinstance(item.content, str):
                _vnuma_item(sheet, item, item.content)


def _vnuma_item(sheet: Sheet, item: Value, text: str) -> None:
    key, _equals, value = (part.strip() for part in text.partition("="))
    if not key or not value:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{text[:40]!r} is no NAME=VALUE", at=item)
    elif key not in ("pnode", "size", "vcpus", "vdistances"):
        sheet.report(WARNING, "unknown-part", "vnuma", f"xl does not know {key[:40]} in vnuma, and ignores it", at=item)
    elif key in ("pnode", "size") and not re.match(r"[0-9]", value):
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{value[:40]!r} is no number", at=item)
