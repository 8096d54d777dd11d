"""The texts that `xl` prints about the machine, column by column as Xen's own.

Source: tools/xl/xl_info.c, xl_vcpu.c, xl_sched.c, xl_block.c, xl_nic.c (Xen 4.20).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from xentui.demo import configuration
from xentui.demo.domain import Domain
from xentui.demo.machine import CPUS, DOM0_MIB, XEN_MIB, Machine

HEADER = "Name                                        ID   Mem VCPUs\tState\tTime(s)"
_REASONS = "-rscwS"


def state_letters(domain: Domain, now: float) -> str:
    """``rbpsXd``, a dash for each that does not hold; X is the first letter of the shutdown's reason."""
    running = domain.up and (domain.id == 0 or domain.load(now) > 0.5)
    reason = _REASONS[domain.shutdown] if domain.shutdown is not None else "-"
    return "".join(
        (
            "r" if running else "-",
            "b" if domain.up and not running else "-",
            "p" if domain.paused and domain.shutdown is None else "-",
            "s" if domain.shutdown is not None else "-",
            reason,
            "d" if domain.dying else "-",
        )
    )


def table(domains: Iterable[Domain], *, verbose: bool = False, cpupool: bool = False, numa: bool = False) -> str:
    """`xl list`."""
    now = time.monotonic()
    head = HEADER
    if verbose:
        head += "   UUID                            Reason-Code\tSecurity Label"
    head += ("         Cpupool" if cpupool else "") + (" NODE Affinity" if numa else "")
    lines = [head]
    for domain in domains:
        line = "%-40s %5d %5d %5d     %s  %8.1f" % (  # noqa: UP031 - the format as it stands in xl
            domain.shown_name,
            domain.id,
            domain.memory_kb // 1024,
            domain.vcpus,
            state_letters(domain, now),
            domain.cpu_seconds,
        )
        if verbose:
            line += f" {domain.uuid}"
            line += f" {int(domain.shutdown):8x}" if domain.shutdown is not None else f" {'-':>8}"
            line += f" {'-':>16}"
        line += f"{'Pool-0':>16}" if cpupool else ""
        line += " any" if numa else ""
        lines.append(line)
    return "\n".join(lines) + "\n"


def details(domains: Iterable[Domain]) -> str:
    """`xl list -l`. Domains whose configuration cannot be had are left out without a word."""
    known = [
        {"domid": domain.id, "config": current_config(domain)}
        for domain in domains
        if not (domain.dying or domain.hidden)
    ]
    return json_text(known) + "\n"


def current_config(domain: Domain) -> dict[str, Any]:
    """The configuration with what was changed since: name, memory, vCPUs."""
    config = json.loads(json.dumps(domain.config))
    config["c_info"]["name"] = domain.name
    config["b_info"]["target_memkb"] = domain.memory_kb
    if domain.max_memory_kb is not None:
        config["b_info"]["max_memkb"] = domain.max_memory_kb
    if domain.id:
        config["b_info"]["avail_vcpus"] = list(range(domain.vcpus))
    return dict(config)


def json_text(value: Any) -> str:
    """As yajl writes it: four blanks a level, characters beyond ASCII as they are."""
    return json.dumps(value, indent=4, ensure_ascii=False)


def info(machine: Machine) -> list[tuple[str, str]]:
    """`xl info`, as pairs."""
    return [
        ("host", machine.layout.hostname),
        ("release", "6.12.48+deb13-amd64"),
        ("version", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (xentui demo)"),
        ("machine", "x86_64"),
        ("nr_cpus", str(CPUS)),
        ("max_cpu_id", str(CPUS - 1)),
        ("nr_nodes", "1"),
        ("cores_per_socket", str(CPUS)),
        ("threads_per_core", "1"),
        ("cpu_mhz", "2400.000"),
        ("hw_caps", "178bfbff:80802009:20100800:000001f3:00000002:00000000:00000000:00000000"),
        ("virt_caps", "pv hvm hap shadow"),
        ("total_memory", str(machine.total_mib)),
        ("free_memory", str(machine.free_mib)),
        ("sharing_freed_memory", "0"),
        ("sharing_used_memory", "0"),
        ("outstanding_claims", "0"),
        ("free_cpus", "0"),
        ("xen_major", "4"),
        ("xen_minor", "20"),
        ("xen_extra", ".0-demo"),
        ("xen_version", "4.20.0-demo"),
        ("xen_caps", "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64"),
        ("xen_scheduler", "credit2"),
        ("xen_pagesize", "4096"),
        ("platform_params", "virt_start=0xffff800000000000"),
        ("xen_changeset", "none: this is xentui's demo, not Xen"),
        ("xen_commandline", f"placeholder dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M"),
        ("cc_compiler", "gcc (Debian 14.2.0-19) 14.2.0"),
        ("cc_compile_by", "xentui"),
        ("cc_compile_domain", "demo"),
        ("cc_compile_date", "Sat Jan 18 12:00:00 UTC 2025"),
        ("build_id", "0000000000000000000000000000000000000000"),
        ("xenstore_features", "1"),
        ("xend_config_format", "4"),
    ]


def info_text(machine: Machine, key: str | None = None) -> str:
    """`xl info`, or with `key` the values of the lines that begin with it, as xl compares."""
    if key is None:
        return "".join(f"{name:<23}: {value}\n" for name, value in info(machine))
    return "".join(f"{value}\n" for name, value in info(machine) if f"{name:<23}".startswith(key))


def uptime(domain: Domain, seconds: int, short: bool) -> str:
    """A line of `xl uptime`."""
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:2d}:{rest % 3600 // 60:02d}"
    if not short:
        clock += f":{rest % 60:02d}"
    ago = f"{days} day{'s' * (days > 1)}, {clock}" if days else clock
    if short:
        return f" {time.strftime('%H:%M:%S')} up {ago}, {domain.shown_name} ({domain.id})\n"
    return f"{domain.shown_name:<33} {domain.id:4d} {ago}\n"


def vcpus(domains: Iterable[Domain]) -> str:
    """`xl vcpu-list`."""
    now = time.monotonic()
    lines = ["%-32s %5s %5s %5s %5s %9s %s" % ("Name", "ID", "VCPU", "CPU", "State", "Time(s)",  # noqa: UP031
                                               "Affinity (Hard / Soft)")]  # fmt: skip
    for domain in domains:
        letters = state_letters(domain, now)
        for number in range(max(domain.max_vcpus, domain.vcpus)):
            line = f"{domain.shown_name:<32} {domain.id:5d} {number:5d}"
            if number < domain.vcpus:
                line += f" {(domain.id + number) % CPUS:4d} {letters[0]:>3}{letters[1]}- "
            else:
                line += f" {'-':>4} {'-':>3}-p "
            lines.append(f"{line}{domain.cpu_seconds / max(1, domain.vcpus):9.1f}  all / all")
    return "\n".join(lines) + "\n"


def scheduling(domains: Iterable[Domain], *, pool: bool) -> str:
    """`xl sched-credit2`."""
    lines = ["Cpupool Pool-0: ratelimit=1000us"] if pool else []
    lines.append(f"{'Name':<33} {'ID':>4} {'Weight':>6} {'Cap':>4}")
    lines += [f"{d.shown_name:<33} {d.id:4d} {d.weight:6d} {d.cap:4d}" for d in domains]
    return "\n".join(lines) + "\n"


def blocks(domains: Iterable[Domain]) -> str:
    """`xl block-list`."""
    lines = [f"{'Vdev':<5} {'BE':<3} {'handle':<6} {'state':<5} {'evt-ch':<6} {'ring-ref':<8} BE-path"]
    for domain in domains:
        for position, disk in enumerate(domain.config.get("disks", [])):
            number = configuration.vdev_number(str(disk["vdev"]))
            kind = "vbd" if disk["backend"] == "phy" else "qdisk"
            path = f"/local/domain/0/backend/{kind}/{domain.id}/{number}"
            lines.append(f"{number:<5d} {0:<3d} {domain.id:<6d} {4:<5d} {12 + position:<6d} {8 + position:<8d} {path}")
    return "\n".join(lines) + "\n"


def networks(domains: Iterable[Domain]) -> str:
    """`xl network-list`."""
    lines = [
        f"{'Idx':<3} {'BE':<2} {'Mac Addr.':<17} {'handle':<6} {'state':<5} {'evt-ch':<6} "
        f"{'tx-':>5}/{'rx-ring-ref':<5} {'BE-path':<30}"
    ]
    for domain in domains:
        for nic in domain.config.get("nics", []):
            number = int(nic["devid"])
            path = f"/local/domain/0/backend/vif/{domain.id}/{number}"
            lines.append(
                f"{number:<3d} {0:<2d} {nic['mac']}{number:6d} {4:5d} {14 + number:6d} {768:5d}/{769:<11d} {path:<30}"
            )
    return "\n".join(lines) + "\n"


def messages(machine: Machine) -> str:
    """`xl dmesg`."""
    return "".join(
        f"(XEN) {line}\n"
        for line in (
            "Xen version 4.20.0-demo (xentui@demo) (gcc (Debian 14.2.0-19) 14.2.0) debug=n",
            "This is the demo dom0 of xentui: no hypervisor runs here",
            f"Command line: placeholder dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M",
            f"System RAM: {machine.total_mib}MB ({machine.total_mib * 1024}kB)",
            f"Xen heap: {XEN_MIB}MB ({XEN_MIB * 1024}kB)",
            "Using scheduler: SMP Credit Scheduler rev2 (credit2)",
            "Detected 2400.000 MHz processor.",
            f"Brought up {CPUS} CPUs",
            "*** Building a PV Dom0 ***",
            f"Dom0 has maximum {CPUS} VCPUs",
            "*** Serial input to DOM0 (type 'CTRL-a' three times to switch input)",
            *machine.messages,
        )
    )
