"""What makes others like a guest: what it was made of and what became of it since, for a template."""

from __future__ import annotations

from dataclasses import dataclass

from xentui.guests import manifest
from xentui.guests.change import parsed, read_config
from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.make import filled_in, settings_made
from xentui.guests.options import Wish
from xentui.guests.site import Site
from xentui.guests.sources.busybox import renamed
from xentui.guests.sources.settings import NAME, ONE_GUESTS, ONE_VIFS, OWN_KEYS
from xentui.guests.spec import Spec, without_place
from xentui.guests.wishes import spec_of
from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.edit import written
from xentui.xlcfg.parser import Config
from xentui.xlcfg.vifspec import parse_vif, without

#: What a source that boots dom0's kernel takes anew for each guest.
_DOM0S = ("kernel", "ramdisk")
_BY_DOM0 = ("busybox", "debian")


@dataclass(frozen=True, slots=True)
class Like:
    """What to save as a template (`save_template`); `left` is what the guest has and the template has not."""

    description: str
    wish: Wish
    config: str = ""
    settings: str = ""
    left: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """A sentence on what is left; empty where nothing is."""
        if not self.left:
            return ""
        return f"The template leaves out: {'; '.join(self.left)}. A guest made of it is given that by hand."


def wish_like(site: Site, origin: str) -> Like:
    """What a guest was made of, with what was changed in its configuration since; or else the configuration of a guest
    or a file. Its own addresses and its disks' own files are none for others. Raises GuestError."""
    if "/" in origin:
        path = origin
    else:
        guest = manifest.load(site.host, origin)
        domain = site.snapshot.domain(origin)
        if guest is not None and guest.wish and guest.source != "settings":  # those stand in its configuration alone
            found = _as_made(site, origin, guest)
            if found is not None:
                return found
        if domain is None or domain.config_file is None:
            raise GuestError(f"There is no guest {origin} with a configuration file: see xentui list")
        path = domain.config_file
    text = read_config(site.host, path)
    config = parsed(text, path)
    disks = [f"its own disk {disk.target}" for disk in _disks(config) if disk.target and disk.writable]
    wish = {**_sizes(config), **_network(config)}
    return Like(f"Like {path}", wish, text, left=(*disks, *_ones(config)))


def _as_made(site: Site, name: str, guest: manifest.Manifest) -> Like | None:
    """None where it has become another type: then it is like its configuration, not like what was asked for."""
    # Of a fixed network, gateway and name servers stay: they ask for another address.
    wish = {key: value for key, value in guest.wish.items() if key not in ("mac", "ip")}
    if isinstance(disks := wish.get("disk"), list):
        wish["disk"] = [disk if disk.startswith("/") else without_place(disk) for disk in disks]
    if not site.exists(guest.config):
        return Like(f"Like {name}", wish)
    config = parsed(read_config(site.host, guest.config), guest.config)
    try:
        spec = spec_of(site, name, guest.wish)
        made = settings_made(site, spec)
    except GuestError:  # by now nothing can be made of it
        return None
    if spec.type != config.string("type"):
        return None
    changed, left = _changes(config, made, spec, by_dom0=guest.source in _BY_DOM0)
    for other in ("bridge", "no-network"):
        wish.pop(other, None)
    wish.update({**_sizes(config), **_network(config)})
    text = "".join(f"{key} = {written(value)}\n" for key, value in changed.items())
    return Like(f"Like {name}", wish, "", text, (*_other_disks(site, spec, config), *left, *_ones(config)))


def _changes(config: Config, made: Settings, spec: Spec, *, by_dom0: bool) -> tuple[Settings, list[str]]:
    """The settings that are others than those that were made, and what of that no other guest can have."""
    changed, left = Settings(), list[str]()
    for key in tuple(config.keys()):
        value = config.get(key)
        if key in (*OWN_KEYS, *ONE_GUESTS) or value is None or _same(value, made.get(key)):
            continue
        if key in _DOM0S and by_dom0:
            left.append(f"{key} (dom0's own is taken)")
        elif isinstance(value, list):
            texts = [item for item in value if isinstance(item, str)]
            if len(texts) == len(value):
                changed[key] = texts
            else:
                left.append(key)
        else:
            changed[key] = renamed(value, spec.name, NAME) if key == "cmdline" and isinstance(value, str) else value
    left += [f"that it has no {key}" for key in made if config.get(key) is None]
    vifs = config.strings("vif")
    usual = spec.interfaces[:1] or ("",)
    if len(vifs) > 1 or any(without(vif, *ONE_VIFS, "bridge") not in usual for vif in vifs):
        changed["vif"] = [without(vif, *ONE_VIFS) for vif in vifs]
    return changed, left


def _same(value: object, made: object) -> bool:
    """As xl reads them: a number is one in quotes, too."""
    return made is not None and (value == made or (not isinstance(value, list) and str(value) == str(made)))


def _ones(config: Config) -> list[str]:
    return [key for key in tuple(config.keys()) if key in ONE_GUESTS]


def _other_disks(site: Site, spec: Spec, config: Config) -> list[str]:
    """The disks that came to it since it was made."""
    try:
        known = {disk.vdev for disk in filled_in(site, spec).disks}
    except GuestError:
        return []
    return [f"its disk {disk.vdev}{f', {disk.target}' if disk.target else ''}" for disk in _disks(config)
            if disk.vdev not in known and not disk.cdrom]  # fmt: skip


def _disks(config: Config) -> list[DiskSpec]:
    found = []
    for text in config.strings("disk"):
        try:
            found.append(parse_disk(text))
        except DiskSpecError:
            continue  # who uses the template is told
    return found


def _sizes(config: Config) -> dict[str, str | bool | list[str]]:
    """Memory and vCPUs, as options."""
    numbers = {key: config.number(key) for key in ("memory", "vcpus")}
    return {key: str(number) for key, number in numbers.items() if number is not None}


def _network(config: Config) -> dict[str, str | bool | list[str]]:
    """Where its first interface is, as options: another guest like it is not to be anywhere else."""
    vifs = config.strings("vif")
    if not vifs:
        return {"no-network": True}
    bridge = parse_vif(vifs[0]).get("bridge")
    return {"bridge": bridge} if bridge else {}
