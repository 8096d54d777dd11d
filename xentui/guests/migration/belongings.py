"""What goes with a guest that was moved: its configuration file, and whether it starts with the host.

xl takes along what the guest runs with, but no file. Left where it was, the file would let a second one be started
here, by hand or at the next boot, beside the one that runs there: so it goes there, and is kept here under another
name. With the note of what xentui made for the guest (`xentui.guests.manifest`) it is the same: left here, it would let
`xentui delete` remove the disks that the guest has there.
"""

from __future__ import annotations

from dataclasses import dataclass

from xentui.config_files import ConfigFileError, put_aside, put_config, read_config
from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain
from xentui.domains.toolstack import ToolstackError
from xentui.guests import manifest
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError

#: What the file is called here afterwards: nothing that ends so is started from.
_MOVED = ".moved-to-"
_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Sentences on what went along, and on what did not."""

    done: tuple[str, ...]
    left: tuple[str, ...] = ()


def take_along(here: Host, there: Host, domain: Domain) -> Moved:
    """Bring the file of a guest that runs `there` by now after it. Raises nothing: what fails is told."""
    path, name = domain.config_file, domain.name
    try:
        left = _manifest_along(here, there, name)
    except (CommandError, HostError) as error:
        left = [f"Whether xentui made {name} on {here.name} could not be looked up ({error}): do not delete it there."]
    if path is None:
        return Moved(
            (),
            (
                *left,
                f"No configuration file of it is known: {there.name} has nothing to start it from again.",
            ),
        )
    try:
        real, text = read_config(here, path)
        fresh = _put_there(there, path, text)
    except ConfigFileError as error:
        kept = f"It stays {path} on {here.name}: do not start it there while it runs on {there.name}."
        return Moved(
            (),
            (
                *left,
                f"Its configuration did not go along: {error}. {kept}",
            ),
        )
    done = [f"Its configuration is {path} on {there.name}{'' if fresh else ', where the same one was already'}."]
    try:
        started = path in Autostart(here).entries()
        if started:
            Autostart(there).set(path, True)
            Autostart(here).set(path, False)
            done.append(f"It starts with {there.name} from now on, and with {here.name} no longer.")
        aside = put_aside(here, real, _MOVED + there.name)
        done.append(f"On {here.name} it is kept as {aside}.")
    except (ToolstackError, ConfigFileError) as error:
        left.append(f"{error}. Do not start {name} on {here.name} while it runs on {there.name}.".replace("..", "."))
    return Moved(tuple(done), tuple(left))


def _manifest_along(here: Host, there: Host, name: str) -> list[str]:
    """What could not be done about it."""
    path = manifest.path_of(name)
    if "/" in name or not _exists(here, path):
        return []
    left = []
    try:
        _put_there(there, path, read_config(here, path)[1], mode=0o600)
    except ConfigFileError as error:
        left.append(f"xentui delete will not know on {there.name} what belongs to {name}: {error}.")
    try:
        put_aside(here, path, _MOVED + there.name)
    except ConfigFileError as error:
        left.append(f"{error}: xentui delete on {here.name} would remove the disks that {name} has on {there.name}!")
    return left


def _exists(host: Host, path: str) -> bool:
    if not host.is_remote:
        return host.path(path).exists()
    return host.run(["test", "-e", path], deadline=_DEADLINE, record=False, check=False).ok


def _put_there(there: Host, path: str, text: str, *, mode: int = 0o644) -> bool:
    """Whether it was not there yet. Raises ConfigFileError where something else is."""
    try:
        put_config(there, path, text, mode=mode)
        return True
    except ConfigFileError:
        try:
            same = read_config(there, path)[1] == text
        except ConfigFileError:
            same = False
        if not same:
            raise
        return False
