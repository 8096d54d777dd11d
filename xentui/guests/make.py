"""Making a guest: the plan of it (configuration, steps), and carrying it out, whole or not at all."""

from __future__ import annotations

import shlex
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from xentui.domains.autostart import FOLDER as AUTO
from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain
from xentui.domains.toolstack import ToolstackError
from xentui.guests.config import Settings, disk_setting, render
from xentui.guests.errors import GuestError
from xentui.guests.files import below, make_image, write_file
from xentui.guests.manifest import Manifest
from xentui.guests.site import Site
from xentui.guests.sources.installer import Installer, config_path
from xentui.guests.sources.settings import OtherSettings
from xentui.guests.spec import Disk, Spec, check_spec, new_mac
from xentui.guests.volumes import TAG
from xentui.guests.work import Step, Work
from xentui.xlcfg.vifspec import parse_vif, without

#: The guest's names for its disks. An emulated machine has four places on its IDE bus; CDs take the last two.
_PV_DISKS = tuple(f"xvd{letter}" for letter in "abcdefghijklmnop")
_HVM_DISKS = ("hda", "hdb", *(f"xvd{letter}" for letter in "efghijklmnop"))
_HVM_CDS = ("hdc", "hdd")
#: What is done when it ends, unless its source or its template says otherwise.
_ENDS = {"on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "destroy"}
#: The room for what is written above another disk, in bytes.
_LAYER = 4 << 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be made: `spec` with everything filled in, the text of its configuration, and the steps."""

    spec: Spec
    config: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]

    def describe(self) -> list[str]:
        """The plan in lines for the user."""
        lines = [f"Steps to make {self.spec.name}:"]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"  {number}. {step.title}")
            lines += [f"       {command}" for command in step.by_hand]
        lines += ["", f"{self.spec.config_path}:", *(f"  {line}" for line in self.config.splitlines())]
        return lines


def plan(site: Site, spec: Spec) -> Plan:
    """Think it through: everything that can be refused is refused here. Raises GuestError."""
    site.check_local()
    check_spec(spec)
    site.check_name(spec.name)
    if site.exists(spec.config_path):
        raise GuestError(f"{spec.config_path}: is there already; nothing is written over.")
    if spec.type in ("pvh", "hvm") and not site.has_hvm:
        raise GuestError(
            f"This machine runs no {spec.type} guests: its CPU has no hardware virtualisation that Xen can use, or it"
            " is switched off in the firmware. Choose --type pv."
        )
    spec.source.check(site, spec)
    full = filled_in(site, spec)
    _check_disks(site, full)
    origin = spec.source.where if isinstance(spec.source, OtherSettings) else spec.source.name
    text = render(_settings(site, full), f"{spec.name}: made by xentui, from {origin}. See xl.cfg(5).")
    steps = [*_disk_steps(full), *full.source.steps(site, full), _config_step(full, text)]
    if spec.autostart:
        steps.append(_autostart_step(full))
    return Plan(full, text, tuple(steps), tuple(_warnings(site, full)))


def make(
    site: Site,
    plan: Plan,
    say: Callable[[str], None] = lambda _line: None,
    cancel: threading.Event | None = None,
    *,
    starting: bool = False,
) -> list[str]:
    """Carry the plan out; give what the user is to be told (`starting`: it is started next).

    Raises GuestError, and then nothing of it is left.
    """
    # Time may have passed since it was planned: what was free may be taken.
    site.check_name(plan.spec.name)
    _check_disks(site, plan.spec)
    guest = Manifest(plan.spec.name, plan.spec.source.name, plan.spec.config_path, wish=plan.spec.wish)
    work = Work(site.host, guest, say, cancel)
    work.carry_out(plan.steps)
    guest.complete = True
    guest.save(site.host)
    source = plan.spec.source
    first = [source.by_hand(plan.spec)] if isinstance(source, Installer) and not starting else []
    return [*work.remarks, *first, *source.afterwards(plan.spec)]


def at_first(plan: Plan, domain: Domain) -> Domain:
    """What is to be started of a guest that was just made: where the disk is empty still, the installer."""
    if isinstance(plan.spec.source, Installer):
        return replace(domain, config_file=config_path(plan.spec.name))
    return domain


def filled_in(site: Site, spec: Spec) -> Spec:
    """All disks with their places and their names in the guest."""
    wished = list(spec.disks)
    if not wished and spec.source.disk_bytes:
        wished = [Disk(size=spec.source.disk_bytes)]
    placed = [_placed(spec, disk, number) for number, disk in enumerate(wished, 1)]
    known = replace(spec, disks=tuple(placed), mac=spec.mac or (new_mac() if spec.bridge else ""))
    every = [*placed, *spec.source.disks(site, known)]
    taken = [disk.vdev for disk in every if disk.vdev]
    if len(set(taken)) < len(taken):
        raise GuestError("Two disks are to have the same name in the guest (vdev=).")
    return replace(known, disks=tuple(_named(spec.type, every, taken)))


def _placed(spec: Spec, disk: Disk, number: int) -> Disk:
    if not disk.is_new or disk.path:
        return disk
    name = f"{spec.name}-disk" if number == 1 else f"{spec.name}-disk{number}"
    if disk.volume_group:
        return replace(disk, path=f"/dev/{disk.volume_group}/{name}")
    return replace(disk, path=below(spec.folder, f"{name}.{'img' if disk.format == 'raw' else disk.format}"))


def _named(kind: str, disks: list[Disk], taken: list[str]) -> Iterator[Disk]:
    names = iter([name for name in (_HVM_DISKS if kind == "hvm" else _PV_DISKS) if name not in taken])
    cds = iter([name for name in (_HVM_CDS if kind == "hvm" else ()) if name not in taken])
    for disk in disks:
        vdev = disk.vdev or next(cds if disk.cdrom and kind == "hvm" else names, "")
        if not vdev:
            raise GuestError("There are too many disks for one guest.")
        yield replace(disk, vdev=vdev)


def _check_disks(site: Site, spec: Spec) -> None:
    paths = [disk.path for disk in spec.disks]
    if len(set(paths)) < len(paths):
        raise GuestError("One disk is named twice.")
    for disk in spec.disks:
        site.check_disk(disk)
    files, volumes = [], dict[str, int]()
    for disk in spec.disks:
        if disk.size is not None and disk.volume_group:
            volumes[disk.volume_group] = volumes.get(disk.volume_group, 0) + disk.size
        elif disk.size is not None and (disk.full or not spec.overcommit):
            files.append((disk.path, min(disk.size, _LAYER) if disk.backing else disk.size))
    if any(disk.is_new and disk.format != "raw" for disk in spec.disks):
        site.check_tools("qemu-img")
    site.check_room(files)
    for group, size in volumes.items():
        site.check_volume_room(group, size)


def _settings(site: Site, spec: Spec) -> Settings:
    own = settings_made(site, spec)
    ends = {key: own.pop(key) for key in _ENDS}
    settings: Settings = {"name": spec.name, "uuid": str(uuid.uuid4()), "type": spec.type}
    settings.update(own)
    settings.update({"memory": spec.memory_mib, "vcpus": spec.vcpus})
    settings["disk"] = [disk_setting(disk) for disk in spec.disks]
    settings["vif"] = list(_vifs(spec))
    settings.update({**ends, **spec.more})
    for most, least in (("maxmem", spec.memory_mib), ("maxvcpus", spec.vcpus)):
        value = str(settings.get(most, least))
        if value.isdecimal() and int(value) < least:  # it was for a smaller one
            del settings[most]
    return {key: value for key, value in settings.items() if value != []}


def settings_made(site: Site, spec: Spec) -> Settings:
    """What a guest of its source says, besides what is each guest's own."""
    settings = spec.source.settings(site, spec)
    for key, action in _ENDS.items():
        settings.setdefault(key, action)
    return settings


def _vifs(spec: Spec) -> Iterator[str]:
    if not spec.bridge:
        return
    first, *others = spec.interfaces or ("",)
    yield ",".join(filter(None, (f"mac={spec.mac}", f"bridge={spec.bridge}", without(first, "bridge"))))
    for words in others:
        yield ",".join(filter(None, (f"mac={new_mac()}", words)))


def _disk_steps(spec: Spec) -> Iterator[Step]:
    for disk in spec.disks:
        if not disk.is_new:
            continue
        if disk.volume_group:
            yield _volume_step(disk)
        elif disk.format == "raw":
            yield _file_step(disk)
        else:
            yield _qemu_step(disk)


def _file_step(disk: Disk) -> Step:
    size = disk.size or 0

    def do(work: Work) -> None:
        work.makes("file", disk.path)
        make_image(work.host, disk.path, size, full=disk.full)

    tool = "fallocate -l" if disk.full else "truncate -s"
    return Step(f"Make the {disk.describe()}", do, (f"{tool} {size} {shlex.quote(disk.path)}",))


def _qemu_step(disk: Disk) -> Step:
    def argv(path: str) -> list[str]:
        below = ["-F", "raw", "-b", disk.backing] if disk.backing else []
        form = "vpc" if disk.format == "vhd" else disk.format
        return ["qemu-img", "create", "-q", "-f", form, *below, path, *([] if below else [str(disk.size)])]

    def do(work: Work) -> None:
        work.makes("file", disk.path)
        path = work.host.path(disk.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        work.run(argv(str(path)), deadline=120)
        if work.host.is_demo:
            path.touch()

    return Step(f"Make the {disk.describe()}", do, (shlex.join(argv(disk.path)),))


def _volume_step(disk: Disk) -> Step:
    name = disk.path.rpartition("/")[2]
    argv = ["lvcreate", "--yes", "--wipesignatures", "y", "--addtag", TAG, "-L", f"{disk.size}b", "-n", name,
            disk.volume_group]  # fmt: skip

    def do(work: Work) -> None:
        work.makes("volume", disk.path)
        work.run(argv, deadline=120)

    return Step(f"Make the {disk.describe()}", do, (shlex.join(argv),))


def _config_step(spec: Spec, text: str) -> Step:
    def do(work: Work) -> None:
        work.makes("file", spec.config_path)
        write_file(work.host, spec.config_path, text)

    return Step(f"Write the configuration {spec.config_path}", do)


def _autostart_step(spec: Spec) -> Step:
    entry = f"{AUTO}/{spec.name}.cfg"

    def do(work: Work) -> None:
        work.makes("link", entry)
        try:
            Autostart(work.host).set(spec.config_path, True)
        except ToolstackError as error:
            raise GuestError(str(error)) from error

    return Step("Let it start with the host", do, (f"ln -s ../{spec.name}.cfg {AUTO}/",))


def _warnings(site: Site, spec: Spec) -> Iterator[str]:
    free, total = site.snapshot.host.free_memory_mib, site.snapshot.host.total_memory_mib
    if total is not None and spec.memory_mib > total:
        yield f"It needs {spec.memory_mib} MiB, and this machine has {total} MiB in all: it cannot run here."
    elif free is not None and spec.memory_mib > free:
        yield f"It needs {spec.memory_mib} MiB to run, and Xen has {free} MiB left now."
    bridges = [parse_vif(words).get("bridge", "") for words in _vifs(spec)]
    for bridge in dict.fromkeys(filter(None, bridges)):
        if not site.host.is_demo and not site.exists(f"/sys/class/net/{bridge}/bridge"):
            yield f"There is no bridge {bridge} on this host: xl will not start the guest until there is one."
    if not spec.bridge:
        yield "It has no network."
    own = any(disk.writable and not disk.cdrom for disk in spec.disks)
    if isinstance(spec.source, OtherSettings) and spec.source.had_disks and not own:
        yield f"It has no disk of its own, as {spec.source.where} has: --disk SIZE or --disk PATH gives it one."
