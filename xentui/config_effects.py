"""What a changed configuration does to the guest that runs: what xl can do now, and what waits for its next start.

It is compared with what runs, not with the file as it was: a file may have been changed long before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xentui.domains.configs import GuestConfig, guest_config
from xentui.domains.domain import Disk, Domain
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError
from xentui.xlcfg.grammar import read
from xentui.xlcfg.parser import Config
from xentui.xlcfg.sheet import Sheet
from xentui.xlcfg.vifspec import parse_vif

#: Seconds for one change of a running guest; a guest without its driver lets xl wait for it.
_DEADLINE = 60.0
#: Keys whose values are compared with what runs.
_COMPARED = {"memory", "vcpus", "disk", "vif", "name", "cpu_weight", "cap"}


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference between the guest that runs and its configuration: in words, and the command that does it now.

    Without `argv` it waits for the guest's next start. `risk` is what may be lost by doing it now.
    """

    key: str
    says: str
    argv: tuple[str, ...] = ()
    risk: str = ""


def effects(domain: Domain, before: str, after: str, scheduler: str = "") -> list[Effect]:
    """What is different in `after` from the running `domain`, whose file said `before`. None for one that is off."""
    if not domain.state.alive or domain.is_dom0:
        return []
    old, new = read(before)[0], read(after)[0]
    guest = guest_config("", new)
    found: list[Effect] = []
    if guest is not None:
        found += _name(domain, guest)
        found += _memory(domain, guest)
        found += _vcpus(domain, guest, old)
        found += _share(domain, old, new, scheduler)
        found += _disks(domain, new)
        found += _interfaces(domain, new)
    for key in [*new.keys(), *(setting.key for setting in old.settings if new.value(setting.key) is None)]:
        if key not in _COMPARED and new.get(key) != old.get(key):
            found.append(Effect(key, f"{key} counts from the guest's next start"))
    return found


def carry_out(host: Host, wanted: Sequence[Effect]) -> list[str]:
    """Do them one after the other; what each that failed has said."""
    failed = []
    for effect in wanted:
        try:
            host.run(effect.argv, deadline=_DEADLINE)
        except CommandError as error:
            failed.append(f"$ {error.record.shell}\n{error.details}")
        except HostError as error:
            failed.append(str(error))
    return failed


def _name(domain: Domain, guest: GuestConfig) -> Iterator[Effect]:
    if guest.name != domain.name:
        yield Effect("name", f"it runs as {domain.name}", ("xl", "rename", domain.reference, guest.name))


def _memory(domain: Domain, guest: GuestConfig) -> Iterator[Effect]:
    memory, now = guest.memory_mib, domain.memory_mib
    if memory is None or now is None or abs(memory - now) <= 1:
        return
    if domain.max_memory_mib is not None and memory > domain.max_memory_mib:
        yield Effect("memory", f"{memory} MiB is above its maximum ({domain.max_memory_mib} MiB) until its next start")
    else:
        yield Effect("memory", f"it has {now} MiB now", ("xl", "mem-set", domain.reference, f"{memory}m"))


def _vcpus(domain: Domain, guest: GuestConfig, old: Config) -> Iterator[Effect]:
    if guest.vcpus is None or domain.vcpus is None or guest.vcpus == domain.vcpus:
        return
    most = domain.max_vcpus or max(domain.vcpus, old.number("maxvcpus") or old.number("vcpus") or 1)
    if guest.vcpus > most:
        yield Effect(
            "vcpus", f"it was started with {most} vCPU{'s'[: most > 1]} at most; more come with its next start"
        )
    else:
        argv = ("xl", "vcpu-set", domain.reference, str(guest.vcpus))
        yield Effect("vcpus", f"it has {domain.vcpus} now", argv)


def _share(domain: Domain, old: Config, new: Config, scheduler: str) -> Iterator[Effect]:
    for key, option, standard in (("cpu_weight", "-w", 256), ("cap", "-c", 0)):
        if new.number(key) == old.number(key):
            continue
        if scheduler in ("credit", "credit2"):
            value = standard if (number := new.number(key)) is None else number
            argv = ("xl", f"sched-{scheduler}", "-d", domain.reference, option, str(value))
            yield Effect(key, f"{key} {value}", argv)
        else:
            yield Effect(key, f"{key} counts from the guest's next start")


def _disks(domain: Domain, new: Config) -> Iterator[Effect]:
    written = {disk.vdev: (disk, spec) for disk, spec in _written_disks(new)}
    running = {disk.vdev: disk for disk in domain.disks}
    hvm = domain.type == "hvm"
    for vdev, (disk, spec) in written.items():
        now = running.get(vdev)
        if now is None:
            attach = () if hvm and disk.cdrom else ("xl", "block-attach", domain.reference, spec)
            yield Effect("disk", f"{vdev} ({disk.target or 'empty'}) is not attached", attach)
        elif (now.target or "") != (disk.target or ""):
            if hvm and disk.cdrom and now.cdrom:
                change = ("cd-insert", domain.reference, vdev, disk.target) if disk.target else None
                argv = ("xl", *change) if change else ("xl", "cd-eject", domain.reference, vdev)
                yield Effect("disk", f"{vdev} holds {now.target or 'nothing'} now", argv)
            else:
                yield Effect("disk", f"{vdev} is {now.target or 'empty'} until the guest's next start")
    for vdev in running:
        if vdev not in written:
            risk = f"If {domain.name} still uses {vdev}, what it has not written to it is lost."
            yield Effect("disk", f"{vdev} is still attached", ("xl", "block-detach", domain.reference, vdev), risk)


def _written_disks(config: Config) -> Iterator[tuple[Disk, str]]:
    guest = guest_config("", config)
    for disk, spec in zip(guest.disks if guest else (), config.strings("disk"), strict=False):
        if disk.vdev != "?":
            yield disk, spec


def _interfaces(domain: Domain, new: Config) -> Iterator[Effect]:
    """Known by their MAC address; one without gets another at each start, so of these only the number counts."""
    specs = [str(value.content) for value in Sheet("", new).items("vif")]
    macs = [parse_vif(spec).get("mac", "").lower() for spec in specs]
    running = [(interface.mac or "").lower() for interface in domain.interfaces]
    added = [spec for spec, mac in zip(specs, macs, strict=True) if mac and mac not in running]
    unnamed = [spec for spec, mac in zip(specs, macs, strict=True) if not mac]
    left = [mac for mac in running if mac not in macs]
    added += unnamed[len(left) :]
    for spec in added:
        items = [item.strip() for item in spec.split(",") if item.strip()]
        argv = ("xl", "network-attach", domain.reference, *items)
        yield Effect("vif", f"{spec or 'an interface with all defaults'} is not attached", argv)
    for mac in left[len(unnamed) :]:
        risk = f"{domain.name} loses its connections over it."
        yield Effect("vif", f"{mac} is still attached", ("xl", "network-detach", domain.reference, mac), risk)
