"""Templates: guests to make again and again, each a TOML file that answers what `xentui create` asks.

::

    description = "A small guest for trying things out"
    source = "busybox"
    memory = 128
    disk = ["64M"]

The keys are the options of `xentui create`, with ``description`` and, where a template is a guest's whole
settings, ``config``: a text of xl.cfg(5), of which all counts but name, memory, disks and network. The user's own
stand in ``/etc/xentui/templates``, and go before those that came with xentui.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from xentui.guests import manifest
from xentui.guests.change import parsed, read_config
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.guests.options import BY_NAME, Wish
from xentui.guests.spec import name_complaint, without_place
from xentui.host import Host, HostError
from xentui.xlcfg.parser import Config
from xentui.xlcfg.vifspec import parse_vif

if TYPE_CHECKING:
    from xentui.guests.site import Site

FOLDER = "/etc/xentui/templates"
_EXTRA = ("description", "name", "config")
#: What is asked for by the first, a template may have settled by the second.
_INSTEAD = {"bridge": "no-network", "no-network": "bridge", "disk": "size"}


@dataclass(frozen=True, slots=True)
class Template:
    """`wish` is what is asked for; `config` the text of another configuration, "" for none. `name` of the guest, if
    the template is of one guest only."""

    id: str
    path: str
    text: str
    description: str
    wish: Wish
    guest: str = ""
    config: str = ""


def read_template(path: str, text: str) -> Template:
    """Read the text of a template. Raises GuestError: which file, which line, what."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GuestError(f"{path}: {error}") from error
    wish: dict[str, str | bool | list[str]] = {}
    for key, value in values.items():
        where = f"{path}:{_line(text, key)}"
        if key in _EXTRA:
            if not isinstance(value, str):
                raise GuestError(f"{where}: {key} is a text in quotes.")
            continue
        option = BY_NAME.get(key)
        if option is None:
            near = difflib.get_close_matches(key, [*BY_NAME, *_EXTRA], 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise GuestError(f"{where}: {key!r} is nothing that a guest is made with{hint}")
        wish[key] = _value(where, key, option.kind, value)
    if values.get("config") and "source" in wish:
        raise GuestError(f"{path}: config says what is booted; source cannot stand beside it.")
    if not values.get("config") and "source" not in wish and "disk" not in wish:
        raise GuestError(f"{path}: it says no source, so nothing can be made of it.")
    stem = path.rpartition("/")[2].removesuffix(".toml")
    return Template(
        stem, path, text, str(values.get("description", "")), wish, str(values.get("name", "")),
        str(values.get("config", "")),
    )  # fmt: skip


def _value(where: str, key: str, kind: str, value: object) -> str | bool | list[str]:
    if kind == "flag":
        if not isinstance(value, bool):
            raise GuestError(f"{where}: {key} is true or false.")
        return value
    if kind == "list":
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise GuestError(f"{where}: {key} is a list of texts in quotes.")
        return [str(item) for item in items]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise GuestError(f"{where}: {key} is a text in quotes, or a number.")
    return str(value)


def _line(text: str, key: str) -> int:
    pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def all_templates(host: Host) -> tuple[list[Template], list[str]]:
    """All templates by their names, and a sentence on each file that is none."""
    found: dict[str, Template] = {}
    problems = []
    for path, text in _texts(host):
        try:
            template = read_template(path, text)
        except GuestError as error:
            problems.append(str(error))
        else:
            found[template.id] = template
    return [found[name] for name in sorted(found)], problems


def _texts(host: Host) -> Iterable[tuple[str, str]]:
    for entry in sorted(files(__package__).joinpath("library").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield f"(xentui)/{entry.name}", entry.read_text(encoding="utf-8")
    for info in host.scan(FOLDER):
        if info.path.endswith(".toml"):
            try:
                yield info.path, host.read(info.path).decode("utf-8", "replace")
            except HostError:
                continue


def template(host: Host, name: str) -> Template:
    """The template of that name. Raises GuestError."""
    found, problems = all_templates(host)
    for one in found:
        if one.id == name:
            return one
    for problem in problems:
        if f"/{name}.toml" in problem:
            raise GuestError(problem)
    near = difflib.get_close_matches(name, [one.id for one in found], 1)
    hint = f"; did you mean {near[0]}?" if near else ": see xentui template list"
    raise GuestError(f"There is no template {name!r}{hint}")


def merged(base: Wish, more: Wish) -> Wish:
    """What a template says, with what is asked for besides: that goes before, also where it goes by another word."""
    other_words = {_INSTEAD.get(name) for name in more}
    return {**{name: value for name, value in base.items() if name not in other_words}, **more}


def save_template(host: Host, name: str, description: str, *, wish: Wish | None = None, config: str = "") -> str:
    """Write a template of the user's own; give its path. Never over one that is there. Raises GuestError."""
    if (wrong := name_complaint(name)) is not None:
        raise GuestError(wrong.replace("a guest", "a template"))
    path = f"{FOLDER}/{name}.toml"
    if host.path(path).exists():
        raise GuestError(f"{path}: is there already; nothing is written over.")
    lines = [f"description = {_toml(description)}"]
    for key, value in (wish or {}).items():
        lines.append(f"{key} = {_toml(value)}")
    if config:
        # As it stands, where TOML has a form for that.
        plain = "'''" not in config and config.replace("\n", "").replace("\t", "").isprintable()
        lines.append(f"config = '''\n{config}'''" if plain else f"config = {_toml(config)}")
    text = "\n".join(lines) + "\n"
    read_template(path, text)
    write_file(host, path, text)
    return path


def _toml(value: str | bool | list[str]) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # A basic string; what JSON escapes, TOML escapes in the same way, and DEL besides.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def wish_like(site: Site, origin: str) -> tuple[dict[str, str | bool | list[str]], str, str]:
    """What a guest was made of, as large as it is by now, or else the configuration of a guest or a file; and a
    description. Its own address and its disks' own files are none for others. Raises GuestError."""
    if "/" in origin:
        path = origin
    else:
        guest = manifest.load(site.host, origin)
        domain = site.snapshot.domain(origin)
        if guest is not None and guest.wish and guest.source != "settings":  # those stand in its configuration alone
            # Of a fixed network, gateway and name servers stay: they ask for another address.
            wish = {key: value for key, value in guest.wish.items() if key not in ("mac", "ip")}
            if isinstance(disks := wish.get("disk"), list):
                wish["disk"] = [disk if disk.startswith("/") else without_place(disk) for disk in disks]
            if not site.exists(guest.config):
                return wish, "", f"Like {origin}"
            config = parsed(read_config(site.host, guest.config), guest.config)
            if _makes(site, wish) == config.string("type"):
                return {**wish, **_sizes(config)}, "", f"Like {origin}"
        if domain is None or domain.config_file is None:
            raise GuestError(f"There is no guest {origin} with a configuration file: see xentui list")
        path = domain.config_file
    text = read_config(site.host, path)
    config = parsed(text, path)
    return {**_sizes(config), **_network(config)}, text, f"Like {path}"


def _makes(site: Site, wish: Wish) -> str:
    """The type of guest that comes of it; "" where none does by now. One that has become another type is like its
    configuration, and not like what was asked for."""
    from xentui.guests.wishes import spec_of

    try:
        return spec_of(site, "unnamed", wish).type
    except GuestError:
        return ""


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
