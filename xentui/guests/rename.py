"""Giving a guest another name, with its configuration, its start with the host and what xentui knows of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from xentui.domains import savefiles
from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain, State
from xentui.domains.savefiles import SaveFileError
from xentui.domains.toolstack import Toolstack, ToolstackError
from xentui.guests import manifest
from xentui.guests.change import changed, kept_of, parsed, read_config
from xentui.guests.errors import GuestError
from xentui.guests.files import exists, write_file
from xentui.guests.manifest import Made
from xentui.guests.site import Site
from xentui.guests.snapshots.tree import load, remove_empty
from xentui.guests.sources.busybox import renamed
from xentui.guests.sources.installer import config_path
from xentui.guests.spec import name_complaint
from xentui.host import Host, HostError


@dataclass(frozen=True, slots=True)
class Renaming:
    """A guest that can be renamed. `path` is where its configuration will stand."""

    domain: Domain
    new: str
    path: str
    text: str


def plan(site: Site, name: str, new: str) -> Renaming:
    """Raises GuestError for what stands in the way."""
    site.check_local()
    domain = site.snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.is_dom0 or domain.config_file is None:
        raise GuestError(f"{name} has no configuration file whose name could be changed.")
    if (wrong := name_complaint(new)) is not None:
        raise GuestError(wrong)
    site.check_name(new)
    if domain.state is State.SAVED and (domain.libvirt_owns or domain.save_file is None):
        raise GuestError(f"{name} is saved by libvirt, under its name: restore it first.")
    site.check_xls(domain)
    if load(site.host, name).snapshots:
        raise GuestError(f"{name} has snapshots, and its name is in them: delete them first (xentui snapshot list).")
    old = domain.config_file
    own = old == f"/etc/xen/{name}.cfg"
    path = f"/etc/xen/{new}.cfg" if own else old
    if own and site.exists(path):
        raise GuestError(f"{path}: is there already; nothing is written over.")
    before = read_config(site.host, old)
    changes: dict[str, str | int | list[str] | None] = {"name": new}
    if (line := parsed(before, old).string("cmdline")) and (other := renamed(line, name, new)) != line:
        changes["cmdline"] = other
    text = changed(before, changes, f"The configuration of {new}")
    return Renaming(domain, new, path, text)


def rename(site: Site, plan: Renaming, toolstack: Toolstack) -> None:
    """Do it: the running domain or the saved one first, for that is what may be refused. Raises GuestError."""
    host, domain, old = site.host, plan.domain, plan.domain.config_file or ""
    autostart = Autostart(host)
    guest = manifest.load(host, domain.name)
    _call(host, toolstack, domain, plan.new)
    try:
        write_file(host, plan.path, plan.text)
    except GuestError as error:
        with contextlib.suppress(GuestError):  # the name that it had is its configuration's still
            _call(host, toolstack, replace(domain, name=plan.new), domain.name)
        raise GuestError(f"{domain.name} is not renamed: {error.headline}", error.details) from error
    try:
        if guest is not None:
            guest = replace(guest, name=plan.new, config=plan.path if guest.config == old else guest.config)
            guest.made = [_moved(made, old, plan.path) for made in guest.made]
            _rename_installer(host, guest, domain.name)
            guest.save(host)
            manifest.remove(host, Made("file", manifest.path_of(domain.name)))
        if plan.path != old:
            autostart.renamed(old, plan.path)
            host.path(old).unlink()
            remove_empty(host, domain.name)
            for kept, place in zip(kept_of(old), kept_of(plan.path), strict=True):
                if exists(host, kept) and not exists(host, place):
                    host.path(kept).rename(host.path(place))
    except (GuestError, ToolstackError, OSError) as error:
        said = getattr(error, "headline", str(error))
        raise GuestError(f"{plan.new} is named so only in part: {said} Look at {old} and {plan.path}.") from error


def _rename_installer(host: Host, guest: manifest.Manifest, before: str) -> None:
    """It boots the guest by its name, too."""
    old, new = config_path(before), config_path(guest.name)
    if Made("file", old) in guest.made and exists(host, old):
        text = changed(read_config(host, old), {"name": guest.name}, f"The installer of {guest.name}")
        write_file(host, new, text)
        manifest.remove(host, Made("file", old))
        guest.made[guest.made.index(Made("file", old))] = Made("file", new)


def _call(host: Host, toolstack: Toolstack, domain: Domain, name: str) -> None:
    """Give it that name where it lives: in Xen, or in the file that it is saved in. Raises GuestError."""
    try:
        if domain.state.alive:
            toolstack.rename(domain, name)
        elif domain.save_file is not None:
            savefiles.rename(host, domain.save_file, name)
    except ToolstackError as error:
        raise GuestError(error.headline, error.details) from error
    except (SaveFileError, HostError) as error:
        raise GuestError(f"{domain.name} is saved in {domain.save_file}: {error}. Restore it first.") from error


def _moved(made: Made, old: str, new: str) -> Made:
    """Where a thing that was made stands now."""
    if made.kind == "file" and made.path == old:
        return Made("file", new)
    if made.kind == "link" and made.path.rpartition("/")[2] == old.rpartition("/")[2]:
        return Made("link", made.path.rpartition("/")[0] + "/" + new.rpartition("/")[2])
    return made
