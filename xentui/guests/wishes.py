"""From what the user asks for, in words, to a `Spec`: for the command line, the templates and the wizard alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xentui.guests.change import parsed
from xentui.guests.errors import GuestError
from xentui.guests.files import parse_memory, parse_size
from xentui.guests.options import BY_NAME, SOURCES, Wish
from xentui.guests.site import Site
from xentui.guests.sources.busybox import Busybox
from xentui.guests.sources.cd import Cd
from xentui.guests.sources.computer import computer_source
from xentui.guests.sources.debian import Debian
from xentui.guests.sources.image import ExistingDisk, image_source
from xentui.guests.sources.installer import Installer
from xentui.guests.sources.kernel import KernelFiles
from xentui.guests.sources.settings import ONE_VIFS, OtherSettings
from xentui.guests.spec import BRIDGE, IMAGES, Disk, Source, Spec, parse_disk_wish
from xentui.guests.templates import Template
from xentui.xlcfg.vifspec import without


def spec_of(site: Site, name: str, wish: Wish, like: Template | None = None) -> Spec:
    """The guest that is wished for, what the template `like` wishes included (`merged`); of the template come the
    settings. Raises GuestError for what does not go together."""
    texts, settings = _Texts(wish), settings_of(like) if like is not None else None
    chosen = "settings" if settings else texts.text("source") or _source_by_option(texts)
    if chosen not in SOURCES and settings is None:
        raise GuestError(f"{chosen!r} is no source; there are {', '.join(SOURCES)}.")
    for word in wish:
        option = BY_NAME.get(word)
        if option is None:
            raise GuestError(f"{word!r} is nothing that a guest is made with; there are {', '.join(BY_NAME)}.")
        if option.sources and chosen not in option.sources:
            raise GuestError(f"{word} goes with --source {option.sources[0]}, not with {chosen}.")
    source = settings or _source(site, chosen, texts)
    kind = texts.text("type") or _usual_type(site, source)
    memory = texts.text("memory")
    if texts.flag("no-network") and texts.text("bridge"):
        raise GuestError("--bridge and --no-network exclude each other.")
    spec = Spec(
        name=name,
        source=source,
        type=kind,
        memory_mib=parse_memory(memory) if memory else source.memory_mib,
        vcpus=_number("vcpus", texts.text("vcpus") or "1"),
        bridge=None if texts.flag("no-network") else texts.text("bridge") or BRIDGE,
        mac=texts.text("mac").lower(),
        autostart=texts.flag("autostart"),
        folder=texts.text("dir") or IMAGES,
        overcommit=texts.flag("overcommit"),
        wish=wish,
        **_over(name, like),
    )
    if isinstance(source, Cd) and source.interface and not spec.interfaces:
        spec = replace(spec, interfaces=(source.interface,))
    return replace(spec, disks=_disks(texts, source))


def settings_of(template: Template) -> OtherSettings | None:
    """The settings that a template brings, if it is of another configuration."""
    return OtherSettings(template.config, f"the template {template.id}") if template.config else None


def _over(name: str, like: Template | None) -> dict[str, Any]:
    """The fields of a `Spec` that come of a template's text of settings."""
    if like is None or not (like.config or like.settings):
        return {}
    where = f"the template {like.id}"
    vifs = parsed(like.config or like.settings, where).strings("vif")
    more = OtherSettings(like.settings, where).all_of(name) if like.settings else {}
    return {"more": more, "interfaces": tuple(without(vif, *ONE_VIFS) for vif in vifs)}


class _Texts:
    """A wish, each value as what its option says it is."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish

    def text(self, name: str) -> str:
        value = self._wish.get(name, "")
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        return self._wish.get(name) is True

    def list(self, name: str) -> tuple[str, ...]:
        value = self._wish.get(name, [])
        return tuple(value) if isinstance(value, list) else ()


def _source_by_option(texts: _Texts) -> str:
    for source in ("image", "cd", "kernel", "computer"):  # each has an option of its own name
        if texts.text(source):
            return source
    if texts.text("suite"):
        return "debian"
    if any(text.startswith(("/", "path=")) for text in texts.list("disk")):
        return "disk"
    raise GuestError(f"Say where its system comes from: --source {', '.join(SOURCES[:-1])} or {SOURCES[-1]}.")


def _source(site: Site, chosen: str, texts: _Texts) -> Source:
    if chosen == "busybox":
        return Busybox()
    if chosen == "debian":
        swap, boot = texts.text("swap"), texts.text("boot") or ("dom0" if texts.text("type") == "pv" else "own")
        if boot not in ("own", "dom0"):
            raise GuestError(f"--boot {boot}: it is own or dom0.")
        return Debian(
            suite=texts.text("suite") or "trixie",
            mirror=texts.text("mirror"),
            packages=texts.list("package"),
            roles=texts.list("role"),
            users=texts.list("user"),
            ssh_keys=texts.list("ssh-key"),
            locale=texts.text("locale"),
            boot=boot,
            swap=parse_size(swap) if swap else 0,
            address=texts.text("ip"),
            gateway=texts.text("gateway"),
            nameservers=texts.list("nameserver"),
        )
    if chosen == "installer":
        return Installer(texts.text("preseed"), texts.flag("graphical"))
    if chosen == "disk":
        return ExistingDisk()
    if not texts.text(chosen):
        raise GuestError(f"--source {chosen} needs --{chosen} FILE.")
    if chosen == "cd":
        return Cd(texts.text("cd"), texts.flag("windows"), texts.text("drivers"))
    if chosen == "computer":
        return computer_source(site, texts.text("computer"))
    if chosen == "image":
        return image_source(site, texts.text("image"))
    return KernelFiles(texts.text("kernel"), texts.text("initrd"), texts.text("append") or "console=hvc0")


def _usual_type(site: Site, source: Source) -> str:
    for kind in source.types:
        if kind == "pv" or site.has_hvm:
            return kind
    return source.types[0]


def _number(what: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise GuestError(f"{what}: {text!r} is no whole number.")
    return int(text)


def _disks(texts: _Texts, source: Source) -> tuple[Disk, ...]:
    size, group, wishes = texts.text("size"), texts.text("lvm"), texts.list("disk")
    if size and wishes:
        raise GuestError("--size is for the first disk where no --disk is given; write its size into --disk.")
    disks = [parse_disk_wish(text) for text in wishes]
    if not disks and (size or source.disk_bytes):
        disks = [Disk(size=parse_size(size) if size else source.disk_bytes)]
    if group and not any(disk.size and not disk.path for disk in disks):
        raise GuestError(f"--lvm {group} is for new disks, and this guest gets none: give --size or --disk SIZE.")
    if group:
        disks = [
            parse_disk_wish(f"size={disk.size // 1024}K,vg={group}") if disk.size and not disk.path else disk
            for disk in disks
        ]
    if texts.flag("full"):
        disks = [replace(disk, full=True) if disk.is_new and disk.format == "raw" else disk for disk in disks]
    return tuple(disks)
