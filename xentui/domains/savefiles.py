"""Files that ``xl save`` and ``virsh save`` write: what is in them, and which of them are there.

Formats: Xen's tools/xl/xl.h, struct save_file_header, then the length and the text of the domain's
configuration as JSON, then its memory; libvirt's src/libxl/libxl_conf.h, libxlSavefileHeader, then XML.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from xentui.domains.libvirt_xml import parse_domain
from xentui.domains.xl_output import Details, parse_details
from xentui.host import FileInfo, Host, HostError
from xentui.subprocesses import CommandError

MAGIC = b"Xen saved domain, xl format\n \0 \r"
FOLDER = "/var/lib/xen/save"
#: No guest's memory is smaller than that; a save that failed leaves some 2 kB.
SMALLEST = 64 << 10

_BYTE_ORDER = 0x01020304
_MANDATORY_JSON = 1 << 0
_HEADER = struct.Struct("<32sIIII")
_LIBVIRT_MAGIC = b"libvirt-xml\n \0 \r"
_LIBVIRT_HEADER = struct.Struct("<16sII40x")  # magic, version, length of the XML, unused
_LONGEST_CONFIG = 256 << 10


class SaveFileError(Exception):
    """It is no file that xl could restore from. One sentence that does not name the file."""


@dataclass(frozen=True, slots=True)
class SavedGuest:
    """A saved guest and its file; `mtime` in epoch seconds, `size` in bytes."""

    path: str
    mtime: float
    size: int
    details: Details
    by_libvirt: bool = False

    @property
    def name(self) -> str:
        return self.details.name or PurePosixPath(self.path).name

    @property
    def identity(self) -> str:
        """The same for all that was saved of one guest."""
        return (self.details.uuid or self.name).lower()


def read_details(start: bytes) -> Details:
    """What the head of a save file says of its guest. Raises SaveFileError."""
    if start.startswith(_LIBVIRT_MAGIC):
        return _read_libvirt(start)
    if not start.startswith(MAGIC) or len(start) < _HEADER.size:
        raise SaveFileError("it does not begin as xl save's files do")
    _magic, order, mandatory, _optional, length = _HEADER.unpack_from(start)
    if order != _BYTE_ORDER:
        raise SaveFileError("it was saved on a machine of the other byte order")
    if not mandatory & _MANDATORY_JSON:
        return Details(None, None, None, None, None, None, (), ())  # Xen before 4.5: xl.cfg text, still restorable
    data = start[_HEADER.size : _HEADER.size + length]
    if len(data) < min(length, 4) or length < 4:
        raise SaveFileError("it ends within its header")
    text = data[4 : 4 + int.from_bytes(data[:4], "little")]
    try:
        return parse_details(json.loads(text.rstrip(b"\0")))
    except (ValueError, AttributeError, TypeError) as error:
        raise SaveFileError("the configuration in it cannot be read") from error


def _read_libvirt(start: bytes) -> Details:
    try:
        _magic, _version, length = _LIBVIRT_HEADER.unpack_from(start)
        xml = start[_LIBVIRT_HEADER.size :][:length].rstrip(b"\0")
        root = ElementTree.fromstring(xml)  # noqa: S314 (root wrote it)
    except (struct.error, ElementTree.ParseError) as error:
        raise SaveFileError("the XML in it cannot be read") from error
    disks = parse_domain(xml.decode("utf-8", "replace")).disks
    return Details(root.findtext("name"), root.findtext("uuid"), None, None, None, None, disks, ())


def read_file(host: Host, path: str) -> Details:
    """The same of a file on the host. Raises SaveFileError, HostError."""
    return read_details(read_start(host, path))


def is_libvirts(host: Host, path: str) -> bool:
    """Whether libvirt wrote it, and only libvirt can restore it. Raises HostError."""
    return host.read(path, len(_LIBVIRT_MAGIC)) == _LIBVIRT_MAGIC


def read_start(host: Host, path: str) -> bytes:
    """As much of it as its head may be. Raises HostError."""
    return host.read(path, _HEADER.size + _LONGEST_CONFIG)


def rename(host: Host, path: str, name: str) -> None:
    """Give the guest in a file that ``xl save`` wrote another name; nothing else in it is changed. It takes its name
    from there when it is restored. Raises SaveFileError, HostError."""
    start = read_start(host, path)
    if read_details(start).name is None or not start.startswith(MAGIC):
        raise SaveFileError("the name in it cannot be changed")
    first = _HEADER.size + 4
    length = int.from_bytes(start[_HEADER.size : first], "little")
    text = _renamed(start[first : first + length], name)
    try:
        # In place, of the same length, in one write: the guest's memory behind it is too much to be copied for a name.
        with host.path(path).open("r+b") as file:
            file.seek(first)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise HostError(f"{path}: {error.strerror}") from error


def _renamed(text: bytes, name: str) -> bytes:
    """The configuration with another name in as many bytes as before: libxl indents it, so that there is room."""
    config = json.loads(text.rstrip(b"\0").decode("utf-8", "surrogateescape"))
    config["c_info"]["name"] = name
    new = json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    if len(new) >= len(text):
        raise SaveFileError("there is no room in it for that name")
    return new.ljust(len(text) - 1) + b"\0"


def remove(host: Host, path: str) -> None:
    """Delete a file of the host. Raises HostError."""
    try:
        if host.is_remote:
            host.run(["rm", "-f", "--", path], deadline=10)
        else:
            host.path(path).unlink(missing_ok=True)
    except (OSError, CommandError) as error:
        raise HostError(f"{path}: cannot be removed: {error}") from error


def make_folder(host: Host) -> None:
    """Make Xen's own folder for saved guests, as xendomains(8) would; only root may look in. Raises HostError."""
    try:
        if host.is_remote:
            if not host.scan(FOLDER):
                host.run(["mkdir", "-p", "-m", "0700", FOLDER], deadline=10)
        else:
            host.path(FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, CommandError) as error:
        raise HostError(f"{FOLDER}: cannot be made: {error}") from error


def stat(host: Host, path: str) -> FileInfo | None:
    """A plain file of the host, or None if there is no such."""
    return next((info for info in host.scan(str(PurePosixPath(path).parent)) if info.path == path), None)


class SavedGuests:
    """The saved guests of a host: those in Xen's own folder, and those saved elsewhere through xentui.

    A guest that was restored runs on with its disks: its old memory must not be restored again. So
    restored files are remembered as used. What is remembered stands in
    ``$XDG_STATE_HOME/xentui/saved/HOST.json``, the demo's in the demo.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._read: dict[str, tuple[float, int, SavedGuest | None]] = {}
        self._file = _state_file(host)
        self._elsewhere: list[str] = []
        self._used: dict[str, float] = {}  # path: the mtime of what was restored
        self._load()

    def every(self) -> list[SavedGuest]:
        """All that was saved and is still there, the newest last. Files that are no saved guests are passed over."""
        elsewhere = [*self._elsewhere, *self._used]
        folders = dict.fromkeys([FOLDER, *(str(PurePosixPath(path).parent) for path in elsewhere)])
        found = []
        for folder in folders:
            for info in self._host.scan(folder):
                if folder != FOLDER and info.path not in elsewhere:
                    continue
                if (guest := self._guest(info)) is not None:
                    found.append(guest)
        return sorted(found, key=lambda guest: guest.mtime)

    def list(self) -> list[SavedGuest]:
        """All that can be restored, the newest last: of each guest what was saved last, unless it has run since."""
        newer: set[str] = set()
        found = []
        for guest in reversed(self.every()):
            if guest.identity not in newer and not self.was_used(guest):
                found.append(guest)
            newer.add(guest.identity)
        return found[::-1]

    def is_used(self, info: FileInfo) -> bool:
        """Whether it was restored through xentui since it was written."""
        return self._used.get(info.path) == info.mtime

    def was_used(self, guest: SavedGuest) -> bool:
        """Whether the guest has run since, as far as xentui saw it."""
        return self._used.get(guest.path) == guest.mtime

    def ran_since(self, guest: SavedGuest) -> None:
        """Remember that the guest has run since: its disks are others now."""
        self._used[guest.path] = guest.mtime
        self._store()

    def saved(self, path: str) -> None:
        """Remember that a guest was saved to `path`."""
        self._used.pop(path, None)
        if str(PurePosixPath(path).parent) != FOLDER and path not in self._elsewhere:
            self._elsewhere.append(path)
        self._store()

    def restored(self, path: str) -> None:
        """Remember that `path` was restored."""
        info = stat(self._host, path)
        if info is not None:
            self._used[path] = info.mtime
        if path in self._elsewhere:
            self._elsewhere.remove(path)
        self._store()

    def _guest(self, info: FileInfo) -> SavedGuest | None:
        known = self._read.get(info.path)
        if known is not None and known[:2] == (info.mtime, info.size):
            return known[2]
        guest = None
        with contextlib.suppress(SaveFileError, HostError):
            if info.size >= SMALLEST:
                start = read_start(self._host, info.path)
                by_libvirt = start.startswith(_LIBVIRT_MAGIC)
                guest = SavedGuest(info.path, info.mtime, info.size, read_details(start), by_libvirt)
        self._read[info.path] = (info.mtime, info.size, guest)
        return guest

    def _load(self) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            self._elsewhere = [str(path) for path in stored.get("elsewhere", [])]
            self._used = {str(path): float(mtime) for path, mtime in stored.get("used", {}).items()}

    def _store(self) -> None:
        text = json.dumps({"elsewhere": self._elsewhere, "used": self._used}, indent=1)
        # Not to be able to remember is no reason to fail what was done.
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self._file)  # noqa: PTH105


def _state_file(host: Host) -> Path:
    if host.is_demo:
        return host.path("/var/lib/xen/xentui-saved.json")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    safe = "".join(c if c.isalnum() or c in ".-_@" else "_" for c in host.name) or "host"
    return state / "xentui" / "saved" / f"{safe}.json"
