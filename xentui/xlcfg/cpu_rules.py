"""Rules about vCPUs, scheduling, memory and NUMA."""

from __future__ import annotations

import re

from xentui.xlcfg.cnumbers import ULONG_MAX, parse_range, parse_ulong, strtoul
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet

_PREFIX = re.compile(r"(\^?)(nodes?:)?")
_NEGATIVE = re.compile(r"(?:^|[,:^-])\s*-")
#: The most CPUs that Xen can be built for (CONFIG_NR_CPUS), and the most nodes.
_MOST_CPUS, _MOST_NODES = 16384, 64
#: So many, xl never ends counting.
_ENDLESS = 2**33
#: What QEMU's graphics cards need, in MiB.
_VIDEO_MEMORY = {"stdvga": 16, "cirrus": 8, "qxl": 128, "none": 0}
_SMALL_MIB = 64
_MORE_WEIGHT = 65535
#: What libxl has room for.
_MOST_VCPUS = 1024
#: Xen's MAX_VIRT_CPUS and HVM_MAX_VCPUS.
_MOST_MAXVCPUS, _MOST_HVM = 8192, 128


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
    if vcpus is not None and not 0 <= vcpus <= _MOST_VCPUS:
        sheet.report(ERROR, "out-of-range", "vcpus", f"{vcpus} vCPUs: it is from 1 to {_MOST_VCPUS}")
    elif vcpus == 0:
        value = sheet.config.value("vcpus")
        repair = sheet.instead(value, "1") if value else None
        sheet.report(WARNING, "out-of-range", "vcpus", "xl makes one vCPU of 0", repair=repair)
    if most and _as_int(most) > _MOST_MAXVCPUS:
        sheet.report(ERROR, "out-of-range", "maxvcpus", f"{most} vCPUs: Xen has room for {_MOST_MAXVCPUS}")
    elif sheet.guest != "pv" and max(vcpus or 0, _as_int(most or 0)) > _MOST_HVM:
        says = f"Xen gives an HVM or PVH guest no more than {_MOST_HVM} vCPUs"
        sheet.report(WARNING, "out-of-range", "vcpus", says)
    if most and _as_int(most) and _as_int(most) < (vcpus or 0):
        value = sheet.config.value("maxvcpus")
        says = f"maxvcpus ({most}) is less than vcpus ({vcpus or 0})"
        repair = sheet.instead(value, str(vcpus)) if value and vcpus else None
        sheet.report(ERROR, "maxvcpus-vcpus", "maxvcpus", says, repair=repair)


def _as_int(number: int) -> int:
    """`number` as C keeps it in 32 bits."""
    return (number + 2**31) % 2**32 - 2**31


def _scheduling(sheet: Sheet) -> None:
    weight, cap = sheet.config.number("cpu_weight"), sheet.config.number("cap")
    if weight is not None and not 1 <= weight <= _MORE_WEIGHT:
        sheet.report(ERROR, "out-of-range", "cpu_weight", f"{weight} is no weight: it is from 1 to {_MORE_WEIGHT}")
    most = max(sheet.config.number("vcpus") or 1, sheet.config.number("maxvcpus") or 1)
    if cap is not None and not 0 <= cap <= 100 * most:
        sheet.report(ERROR, "out-of-range", "cap", f"cap is from 0 to {100 * most}, 100 for each vCPU")


def _cpus(sheet: Sheet) -> None:
    count = _counted_vcpus(sheet)
    for key in ("cpus", "cpus_soft"):
        value = sheet.config.value(key)
        if value is None:
            continue
        if not count:
            sheet.report(WARNING, "cpus-without-vcpus", key, f"without vcpus or maxvcpus, xl ignores {key}")
        items = value.content if isinstance(value.content, tuple) else (value,)
        for item in _read_cpus(value, count):
            if item.is_list:
                if key == "cpus":
                    sheet.report(ERROR, "nested-list", key, "a list within cpus leaves a vCPU no CPU", at=item)
                else:
                    sheet.report(WARNING, "nested-list", key, f"at a list within {key} xl stops reading", at=item)
                break
            if (left := cpus_left(str(item.content))) is None:
                says = f"{str(item.content)[:40]!r} is no list of CPUs, like all, 0-3,^1 or nodes:0"
                sheet.report(ERROR, "bad-cpus", key, says, at=item)
            elif not left and key == "cpus" and count > 0:
                says = f"{str(item.content)[:40]!r} leaves it no CPU: begin with all, as in all,^1"
                sheet.report(ERROR, "bad-cpus", key, says, at=item)
            elif _NEGATIVE.search(str(item.content)):
                says = f"{str(item.content)[:40]!r}: xl takes a negative number for one near 2^64, and so for no CPU"
                sheet.report(WARNING, "bad-cpus", key, says, at=item)
        if value.is_list and len(items) > count and any(item.is_list for item in items[max(0, count) :]):
            says = f"more than the vCPUs have: xl does not read the list within {key}"
            sheet.report(WARNING, "nested-list", key, says)


def _counted_vcpus(sheet: Sheet) -> int:
    return _as_int(sheet.config.number("maxvcpus") or 0) or sheet.config.number("vcpus") or _vnuma_vcpus(sheet)


def _read_cpus(value: Value, count: int) -> tuple[Value, ...]:
    """As many items of a list as there are vCPUs; a single value always."""
    return value.content[: max(0, count)] if isinstance(value.content, tuple) else (value,)


def nowhere(sheet: Sheet, cpus: int) -> list[Value]:
    """What of ``cpus`` leaves the guest none of a host's CPUs, so that xl refuses it there."""
    value, count = sheet.config.value("cpus"), _counted_vcpus(sheet)
    if value is None or not count:
        return []
    items = [item for item in _read_cpus(value, count) if not item.is_list]
    return [item for item in items if cpus_left(str(item.content), cpus) is False and cpus_left(str(item.content))]


def cpus_left(text: str, most: int = _MOST_CPUS) -> bool | None:
    """Whether a list leaves any of `most` CPUs; None where it is none. update_cpumap_range of xl_parse.c; which CPUs a
    node has is not known."""
    every, left = (1 << most) - 1, 0
    from_nodes = False
    for part in text.split(","):
        prefix = _PREFIX.match(part)
        assert prefix is not None  # noqa: S101 - it matches the empty string too
        rest = part[prefix.end() :]
        found = parse_range(rest)
        if not part:
            continue
        if rest == "all" and not prefix[1]:
            left = every
        elif found is None or found[1] - found[0] >= _ENDLESS:
            return None
        elif prefix[2]:
            from_nodes = from_nodes or (not prefix[1] and found[0] % 2**32 < _MOST_NODES)
        else:
            first = found[0] % 2**32  # xl counts them in 64 bits, libxl in 32
            last = first + found[1] - found[0]
            some = _bits(first, last, most) | _bits(0, last - 2**32, most)
            left = left & ~some if prefix[1] else left | some
    return from_nodes or bool(left)


def _bits(first: int, last: int, most: int) -> int:
    """The bits from `first` to `last`, of the first `most`."""
    end = min(last + 1, most)
    return (1 << end) - (1 << first) if first < end else 0


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
    elif most > memory and sheet.guest != "pv" and alternate_maps(sheet):
        sheet.report(ERROR, "altp2m-maxmem", "altp2m", "altp2m and maxmem above memory exclude each other")
    if most > memory and sheet.guest == "hvm":
        says = "an HVM guest that starts below maxmem crashes, unless it has a balloon driver"
        sheet.report(INFO, "balloon", "maxmem", says)


def alternate_maps(sheet: Sheet) -> bool:
    """Whether altp2m, or its old form, is on."""
    mode = sheet.config.string("altp2m")
    old = sheet.guest == "hvm" and sheet.flag("altp2mhvm", False)
    return old or (mode is not None and mode.lower() not in ("0", "disabled"))


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
    """parse_vnuma_config of xl_parse.c. How many nodes and CPUs the host has is not asked."""
    nodes = _vnuma_nodes(sheet)
    if not nodes:
        return
    if sheet.guest == "pv":
        sheet.report(ERROR, "vnuma-pv", "vnuma", "a PV guest cannot have NUMA nodes")
    size = 0
    for node in nodes:
        if not isinstance(node.content, tuple):
            says = 'each node is a list of its own: ["pnode=0", "size=512", "vcpus=0-1"]'
            sheet.report(ERROR, "bad-vnuma", "vnuma", says, at=node)
            return
        for item in node.content:
            if isinstance(item.content, str):
                key, _equals, value = (part.strip() for part in item.content.partition("="))
                size += (parse_ulong(value) or 0) if key == "size" else 0
                _vnuma_item(sheet, item, key, value, len(nodes))
    vcpus, most = _vnuma_vcpus(sheet), _as_int(sheet.config.number("maxvcpus") or 0)
    if most and most != vcpus:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"the nodes have {vcpus} vCPUs, maxvcpus says {most}")
    elif not most and 0 < vcpus < (sheet.config.number("vcpus") or 0):
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"the nodes have {vcpus} vCPUs, fewer than vcpus says")
    least, memory = sheet.config.number("memory"), sheet.config.number("maxmem")
    if memory is not None and memory != size:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"the nodes have {size} MiB, maxmem says {memory}")
    elif least is not None and 0 < least < size and sheet.guest != "pv":
        says = f"a guest with NUMA nodes begins with all of its memory: they have {size} MiB, memory says {least}"
        sheet.report(ERROR, "bad-vnuma", "memory", says)


def _vnuma_nodes(sheet: Sheet) -> tuple[Value, ...]:
    value = sheet.config.value("vnuma")
    return value.content if value is not None and isinstance(value.content, tuple) else ()


def _vnuma_vcpus(sheet: Sheet) -> int:
    """The vCPUs that the nodes name."""
    count = 0
    for node in _vnuma_nodes(sheet):
        for item in node.content if isinstance(node.content, tuple) else ():
            key, _equals, value = str(item.content).partition("=")
            if item.is_list or key.strip() != "vcpus":
                continue
            for part in value.strip().split(","):
                found = _vnuma_range(part)
                count += found[1] - found[0] + 1 if part else 0
    return count


def _vnuma_range(part: str) -> tuple[int, int]:
    """What is left of parse_range's numbers where it refuses, which xl does not ask: of none it makes the vCPU 0."""
    first = strtoul(part) or (0, "")
    last = strtoul(first[1][1:]) if first[1].startswith("-") and first[0] != ULONG_MAX else first
    return first[0], (last or first)[0]


def _vnuma_item(sheet: Sheet, item: Value, key: str, value: str, nodes: int) -> None:
    if not value:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{str(item.content)[:40]!r} is no NAME=VALUE", at=item)
    elif key not in ("pnode", "size", "vcpus", "vdistances"):
        sheet.report(WARNING, "unknown-part", "vnuma", f"xl does not know {key[:40]} in vnuma, and ignores it", at=item)
    elif key in ("pnode", "size") and parse_ulong(value) is None:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{value[:40]!r} is no number", at=item)
    elif key == "pnode" and (parse_ulong(value) or 0) >= _MOST_NODES:
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{value[:40]!r}: no host has so many nodes", at=item)
    elif key == "vdistances":
        distances = [part for part in value.split(",") if part]
        if not distances or not all(parse_ulong(part) is not None for part in distances):
            sheet.report(ERROR, "bad-vnuma", "vnuma", f"{value[:40]!r} is no list of numbers", at=item)
        elif len(distances) > nodes:
            # Their array has room for a few more by chance: malloc(3) gives 24 bytes, 40, 56...
            room = max(24, (4 * nodes + 7) // 16 * 16 + 8) // 4
            says = f"{len(distances)} distances for {nodes} nodes: xl writes beyond its memory"
            sheet.report(ERROR if len(distances) > room else WARNING, "bad-vnuma", "vnuma", says, at=item)
    elif key == "vcpus" and any(b - a >= _ENDLESS or a == ULONG_MAX for a, b in map(_vnuma_range, value.split(","))):
        sheet.report(ERROR, "bad-vnuma", "vnuma", f"{value[:40]!r}: xl never ends counting so many vCPUs", at=item)
    elif key == "vcpus" and any(parse_range(part) is None for part in value.split(",") if part):
        says = f"{value[:40]!r} is no list of vCPUs, like 0-1,4"
        sheet.report(WARNING, "bad-vnuma", "vnuma", says, at=item)
