"""A guest's configuration file on a host: read for editing, and written back whole; what stood there is kept."""

from __future__ import annotations

import os
import posixpath
import stat

from xentui.domains import autostart
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError

#: Bytes; nothing longer is a configuration.
LONGEST = 128 << 10
_DEADLINE = 20.0

#: Where the file really stands, then its text. A link in /etc/xen/auto is followed.
_READ = 'file=$(readlink -e -- "$1") || exit 1; printf "%s\\n" "$file"; head -c "$2" -- "$file"'
#: Keep what is there, then put the new text in its place in one step, with the rights and owner of the old one.
_WRITE = """set -e
if [ -e "$1" ] && [ -n "$2" ]; then cp -p -- "$1" "$2"; fi
new=$(mktemp -- "$1.XXXXXX")
trap 'rm -f -- "$new"' EXIT
if [ -e "$1" ]; then cp -p -- "$1" "$new"; else chmod 0644 -- "$new"; fi
cat > "$new"
sync -- "$new"
mv -f -- "$new" "$1"
"""
#: A new file, whole or not at all, and never over another: a link to it fails where the name is taken.
_PUT = """set -e
mkdir -p -- "$(dirname -- "$1")"
new=$(mktemp -- "$1.XXXXXX")
trap 'rm -f -- "$new"' EXIT
chmod "$2" -- "$new"
cat > "$new"
sync -- "$new"
ln -T -- "$new" "$1"
"""
#: The first name that is free, or holds the same.
_ASIDE = """file=$1; shift
for name; do
    if cmp -s -- "$file" "$name" || ! [ -e "$name" ]; then
        mv -fT -- "$file" "$name" && printf "%s\\n" "$name"
        exit
    fi
done
echo "there is $name already" >&2; exit 1
"""


class ConfigFileError(Exception):
    """The file cannot be read or written. One sentence."""


def read_config(host: Host, path: str) -> tuple[str, str]:
    """Where the file really is, and its text, every byte kept. Raises ConfigFileError."""
    try:
        if host.is_remote:
            done = host.run(["sh", "-c", _READ, "sh", path, str(LONGEST + 1)], deadline=_DEADLINE, record=False)
            real, _newline, text = done.stdout.partition("\n")
        else:
            real = _followed(host, path)
            text = host.read(real, LONGEST + 1).decode("utf-8", "surrogateescape")
    except HostError as error:
        raise ConfigFileError(str(error)) from error
    except CommandError as error:
        raise ConfigFileError(f"{path}: {error.headline}") from error
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        raise ConfigFileError(f"{path}: longer than 128 KiB; that is no configuration file")
    return real, text


def backup_of(path: str) -> str:
    """Where the earlier text is kept: beside the file, but never in the folder that the host starts guests from."""
    folder, name = posixpath.split(path)
    if posixpath.normpath(folder) == autostart.FOLDER:
        folder = posixpath.dirname(autostart.FOLDER)
    return posixpath.join(folder, f"{name}~")


def save_config(host: Host, path: str, text: str, before: str, *, keep: bool = True) -> str:
    """Write `text` if the file still holds `before`, and give the path that keeps `before`, "" where it is not to be
    kept. Raises ConfigFileError."""
    real, now = read_config(host, path)
    if now != before:
        raise ConfigFileError(f"{path} was changed by somebody else meanwhile; nothing is written. Read it again.")
    backup = backup_of(real) if keep else ""
    try:
        if host.is_remote:
            host.run(["sh", "-c", _WRITE, "sh", real, backup], deadline=_DEADLINE, text_in=text)
        else:
            found = os.stat(host.path(real))  # noqa: PTH116
            mode = stat.S_IMODE(found.st_mode)
            if backup:
                write_file(host, backup, before, mode=mode)
            write_file(host, real, text, mode=mode)
            if os.geteuid() == 0:
                os.chown(host.path(real), found.st_uid, found.st_gid)
    except GuestError as error:  # it names the file
        raise ConfigFileError(f"Not saved: {error.headline}") from error
    except CommandError as error:
        raise ConfigFileError(f"{path}: not saved: {error.headline}") from error
    except (HostError, OSError) as error:
        raise ConfigFileError(f"{path}: not saved: {error}") from error
    return backup


def put_config(host: Host, path: str, text: str, *, mode: int = 0o644) -> None:
    """Write `text` as the new file `path`, never over another. Raises ConfigFileError."""
    try:
        if host.is_remote:
            host.run(["sh", "-c", _PUT, "sh", path, f"{mode:o}"], deadline=_DEADLINE, text_in=text)
        elif os.path.lexists(host.path(path)):
            raise ConfigFileError(f"{path}: is there already on {host.name}; nothing was written over")
        else:
            write_file(host, path, text, mode=mode)
    except (CommandError, GuestError) as error:
        raise ConfigFileError(f"{path}: not written on {host.name}: {error.headline}") from error
    except HostError as error:
        raise ConfigFileError(f"{path}: not written on {host.name}: {error}") from error


def put_aside(host: Host, path: str, suffix: str) -> str:
    """Give the file another name, NAME + `suffix`, under which nobody starts a guest from it; gives that name, with a
    number where another file has it already. Raises ConfigFileError."""
    aside = backup_of(path).removesuffix("~") + suffix
    names = [aside, *(f"{aside}.{number}" for number in range(2, 10))]
    try:
        if host.is_remote:
            done = host.run(["sh", "-c", _ASIDE, "sh", path, *names], deadline=_DEADLINE)
            return done.stdout.removesuffix("\n")
        before = host.path(path).read_bytes()
        for name in names:
            there = host.path(name)
            if not os.path.lexists(there) or (there.is_file() and there.read_bytes() == before):
                host.path(path).replace(there)
                return name
        raise ConfigFileError(f"{path}: could not be renamed: there is {names[-1]} already")
    except (CommandError, HostError) as error:
        raise ConfigFileError(f"{path}: could not be renamed: {getattr(error, 'headline', error)}") from error
    except OSError as error:
        raise ConfigFileError(f"{path}: could not be renamed: {error.strerror}") from error


def _followed(host: Host, path: str) -> str:
    """The path of the host's file that a link of the host leads to."""
    for _ in range(16):
        where = host.path(path)
        if not where.is_symlink():
            return path
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.readlink(where)))  # noqa: PTH115
    raise HostError(f"{path}: a link to a link without an end")
