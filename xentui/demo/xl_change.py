"""xl's commands that change a domain that runs (xl_misc.c, xl_mem.c, xl_vcpu.c, xl_sched.c)."""

from __future__ import annotations

from xentui.demo import listing
from xentui.demo.machine import CPUS
from xentui.demo.session import Exit, Session, options
from xentui.demo.xl_lifecycle import find

_UNITS = {"b": -10, "k": 0, "m": 10, "g": 20, "t": 30}


def memory_kb(text: str) -> int | None:
    """A size as xl's parse_mem_size_kb takes it: a number and one letter; without one it is MiB."""
    digits = text.rstrip("bkmgtBKMGT")
    unit = text[len(digits) :].lower() or "m"
    if not (digits.isascii() and digits.isdigit()) or unit not in _UNITS:
        return None
    shift = _UNITS[unit]
    return int(digits) << shift if shift >= 0 else int(digits) >> -shift


async def rename(session: Session, words: list[str]) -> int:
    """Rename a domain."""
    _, rest = options(words, "rename", "", needs=2)
    domain, name = find(session, rest[0]), rest[1]
    other = session.machine.named(name)
    if other is not None and other is not domain:
        raise Exit(
            1,
            f'libxl: error: libxl_domain.c:89:libxl__domain_rename: Domain {domain.id}:Domain with name "{name}" '
            f"already exists.\nCan't rename domain '{rest[0]}'.\n",
        )
    domain.name = name
    session.machine.on_change()
    return 0


async def mem_set(session: Session, words: list[str]) -> int:
    """Set the current memory usage for a domain."""
    _, rest = options(words, "mem-set", "", needs=2)
    domain = find(session, rest[0])
    wanted = memory_kb(rest[1])
    if wanted is None:
        raise Exit(1, f"invalid memory size: {rest[1]}\n")
    failed = f"cannot set domid {domain.id} dynamic max memory to : {rest[1]}\n"
    name = f"libxl: error: libxl_mem.c:254:libxl_set_memory_target: Domain {domain.id}:"
    if domain.max_memory_kb is not None and wanted > domain.max_memory_kb:
        raise Exit(1, f"{name}memory_dynamic_max must be less than or equal to memory_static_max\n" + failed)
    if domain.id == 0 and wanted < 128 << 10:
        raise Exit(1, f"{name}new target {wanted} for dom0 is below the minimum threshold\n{failed}")
    if (wanted - domain.memory_kb) // 1024 > session.machine.free_mib:
        wanted = domain.memory_kb + (session.machine.free_mib << 10)  # it balloons up as far as it can
    if not domain.paused:  # a paused guest's balloon driver does not hear of it
        domain.memory_kb = max(wanted, 4096)
    session.machine.on_change()
    return 0


async def mem_max(session: Session, words: list[str]) -> int:
    """Set the maximum amount reservation for a domain."""
    _, rest = options(words, "mem-max", "", needs=2)
    domain = find(session, rest[0])
    wanted = memory_kb(rest[1])
    if wanted is None:
        raise Exit(1, f"invalid memory size: {rest[1]}\n")
    if wanted < domain.memory_kb:
        raise Exit(
            1,
            f"libxl: error: libxl_mem.c:58:libxl_domain_setmaxmem: Domain {domain.id}:"
            "memory_static_max must be greater than or or equal to memory_dynamic_max\n"
            f"cannot set domid {domain.id} static max memory to : {rest[1]}\n",
        )
    domain.max_memory_kb = wanted
    session.machine.on_change()
    return 0


async def vcpu_set(session: Session, words: list[str]) -> int:
    """Set the number of active VCPUs allowed for the domain."""
    chosen, rest = options(words, "vcpu-set", "i", ["ignore-host"], needs=2)
    domain = find(session, rest[0])
    digits = rest[1][: len(rest[1]) - len(rest[1].lstrip("0123456789"))]
    if not digits:
        raise Exit(1, "Error: Invalid argument.\n")
    count = int(digits)
    if not chosen and count > domain.vcpus and count > CPUS:
        raise Exit(
            1,
            f"You are overcommmitting! You have {CPUS} physical CPUs and want {count} vCPUs! "
            "Aborting, use --ignore-host to continue\n",
        )
    if not 1 <= count <= domain.max_vcpus:
        raise Exit(
            1,
            f"libxl: error: libxl_domain.c:1990:libxl_set_vcpuonline: Domain {domain.id}:Requested {count} VCPUs, "
            f"however maxcpus is {domain.max_vcpus}!: Success\n"
            f"libxl_set_vcpuonline failed domid={domain.id} max_vcpus={count}, rc: -6\n",
        )
    session.machine.account()
    domain.vcpus = count
    session.machine.on_change()
    return 0


async def sched_credit2(session: Session, words: list[str]) -> int:
    """Get/set credit2 scheduler parameters."""
    chosen, _ = options(
        words, "sched-credit2", "d:w:c:p:r:s", ["domain=", "weight=", "cap=", "schedparam", "ratelimit_us=", "cpupool="]
    )
    name = chosen.get("-d", chosen.get("--domain"))
    weight, cap = chosen.get("-w", chosen.get("--weight")), chosen.get("-c", chosen.get("--cap"))
    if name is None:
        if weight is not None or cap is not None:
            raise Exit(1, "Must specify a domain.\n")
        await session.out(listing.scheduling(session.machine.all(), pool=True))
        return 0
    domain = find(session, name)
    if weight is None and cap is None:
        await session.out(listing.scheduling([domain], pool=False))
        return 0
    new_weight = int(weight) if weight and weight.isdigit() else domain.weight if weight is None else 0
    new_cap = int(cap) if cap and cap.isdigit() else domain.cap
    if not 1 <= new_weight <= 65535:
        raise Exit(
            1,
            f"libxl: error: libxl_sched.c:441:sched_credit2_domain_set: Domain {domain.id}:"
            "Cpu weight out of range, valid values are within range from 1 to 65535\n"
            "libxl_domain_sched_params_set failed.\n",
        )
    domain.weight, domain.cap = new_weight, new_cap
    session.machine.on_change()
    return 0


async def sysrq(session: Session, words: list[str]) -> int:
    """Send a sysrq to a domain."""
    _, rest = options(words, "sysrq", "", needs=2)
    domain = find(session, rest[0])
    if len(rest[1]) != 1:
        raise Exit(1, "Invalid sysrq.\n\nUsage: xl [-vfN] sysrq <Domain> <letter>\n\nSend a sysrq to a domain.\n")
    if domain.guest is not None and domain.up:
        domain.guest.sysrq(rest[1])
        session.machine.on_change()
    return 0


COMMANDS = {
    "rename": rename,
    "mem-set": mem_set,
    "mem-max": mem_max,
    "vcpu-set": vcpu_set,
    "sched-credit2": sched_credit2,
    "sysrq": sysrq,
}
