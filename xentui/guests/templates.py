"""Templates: guests to make again and again, each a TOML file that answers what `xentui create` asks.

::

    description = "A small guest for trying things out"
    source = "busybox"
    memory = 128
    disk = ["64M"]

The keys are the options of `xentui create`, with ``description`` and ``settings``: a text of xl.cfg(5) that goes over
what is made of them. Where a template is a guest's whole settings, ``config`` is that text, of which all counts but
name, memory, disks and MAC addresses. The user's own stand in ``/etc/xentui/templates``, and go before those that came
with xentui.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from xentui.guests.change import parsed
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.guests.options import BY_NAME, Wish
from xentui.guests.sources.settings import OWN_KEYS
from xentui.guests.spec import name_complaint
from xentui.host import Host, HostError

FOLDER = "/etc/xentui/templates"
_EXTRA = ("description", "name", "config", "settings")
#: What is asked for by the first, a template may have settled by the second.
_INSTEAD = {"bridge": "no-network", "no-network": "bridge", "disk": "size"}


@dataclass(frozen=True, slots=True)
class Template:
    """`wish` is what is asked for; `config` the text of another configuration, `settings` of what goes over those that
    are made, "" for none. `name` of the guest, if the template is of one guest only."""

    id: str
    path: str
    text: str
    description: str
    wish: Wish
    guest: str = ""
    config: str = ""
    settings: str = ""


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
    settings = str(values.get("settings", ""))
    if settings and values.get("config"):
        raise GuestError(f"{path}: config says all settings; write them there, and not into settings.")
    for key in tuple(parsed(settings, f"{path}: settings").keys()):
        if key in OWN_KEYS and key != "vif":
            raise GuestError(f"{path}: settings: {key} is each guest's own, or said by an option of create.")
    stem = path.rpartition("/")[2].removesuffix(".toml")
    return Template(
        stem, path, text, str(values.get("description", "")), wish, str(values.get("name", "")),
        str(values.get("config", "")), settings,
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


def template_complaint(name: str) -> str | None:
    """Why no template can be called so; None if one can. It becomes a file's name."""
    wrong = None if name.isdecimal() and name.isascii() else name_complaint(name)
    return wrong.replace("a guest", "a template") if wrong is not None else None


def save_template(
    host: Host, name: str, description: str, *, wish: Wish | None = None, config: str = "", settings: str = ""
) -> str:
    """Write a template of the user's own; give its path. Never over one that is there. Raises GuestError."""
    if (wrong := template_complaint(name)) is not None:
        raise GuestError(wrong)
    path = f"{FOLDER}/{name}.toml"
    if host.path(path).exists():
        raise GuestError(f"{path}: is there already; nothing is written over.")
    lines = [f"description = {_toml(description)}"]
    for key, value in (wish or {}).items():
        lines.append(f"{key} = {_toml(value)}")
    for key, held in (("config", config), ("settings", settings)):
        if held:
            # As it stands, where TOML has a form for that.
            plain = "'''" not in held and held.replace("\n", "").replace("\t", "").isprintable()
            lines.append(f"{key} = '''\n{held}'''" if plain else f"{key} = {_toml(held)}")
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
