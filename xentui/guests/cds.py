"""The library of CD images: a folder, and SHA-256 sums that say whether what is in it is what it is said to be.

A sum stands in ``IMAGE.sha256`` beside the image, or in a ``SHA256SUMS`` of the folder; both are sha256sum(1)'s.
What is copied or downloaded is ``IMAGE.part`` until it is whole and its sum is right; of a download ``IMAGE.part.from``
says which file of the server's it is the beginning of.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Protocol

from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.files import RESERVE, free_bytes, local_only, shown_size, write_file
from xentui.host import Host

FOLDER = "/srv/xen/cd"
_ENDINGS = (".iso", ".img")
_CHUNK = 1 << 20
_TIMEOUT = 60.0
_SUM = re.compile(r"^\\?([0-9a-fA-F]{64}) [ *](.+)$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,120}")

Say = Callable[[str], None]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CdImage:
    """An image of the library; `wanted` is the sum that it should have, "" where none is known."""

    name: str
    path: str
    size: int
    wanted: str


def library(host: Host, folder: str = FOLDER) -> list[CdImage]:
    """All images, by name. Raises GuestError on a host whose files are elsewhere."""
    local_only(host)
    sums = dict(_sums(host.path(f"{folder}/SHA256SUMS")))
    found = []
    for info in host.scan(folder):
        name = info.path.rpartition("/")[2]
        if name.lower().endswith(_ENDINGS):
            own = next((value for _name, value in _sums(host.path(f"{info.path}.sha256"))), "")
            found.append(CdImage(name, info.path, info.size, own or sums.get(name, "")))
    return found


def find(host: Host, name: str, folder: str = FOLDER) -> CdImage:
    """The image of that name. Raises GuestError."""
    found = next((image for image in library(host, folder) if image.name == name), None)
    if found is None:
        raise GuestError(f"There is no CD image {name!r} in {folder}: see xentui cd list")
    return found


def _sums(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        if (found := _SUM.match(line)) is not None:
            yield found[2].rpartition("/")[2], found[1].lower()


def check(host: Host, image: CdImage, say: Say = lambda _line: None, cancel: threading.Event | None = None) -> None:
    """Read it whole and compare its sum. Raises GuestError if it is another, or if none is known."""
    if not image.wanted:
        raise GuestError(
            f"{image.name}: no sum of it is known. Put its publisher's SHA256SUMS into {image.path.rpartition('/')[0]}."
        )
    found = sha256(host.path(image.path), image.size, say, cancel)
    if found != image.wanted:
        raise GuestError(
            f"{image.name}: is damaged or another file: its SHA-256 is {found}, not {image.wanted}."
            f" Remove {image.path} and fetch it anew."
        )


def sha256(path: Path, size: int, say: Say, cancel: threading.Event | None) -> str:
    """The sum of a file. Raises GuestError."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file, size, say, cancel):
                digest.update(chunk)
    except OSError as error:
        raise GuestError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def copy_disc(
    host: Host,
    device: str,
    name: str,
    folder: str = FOLDER,
    say: Say = lambda _line: None,
    cancel: threading.Event | None = None,
) -> CdImage:
    """Copy the disc in a drive into the library, and write its sum beside it. Raises GuestError."""
    target = _target(host, folder, name)
    part = target.with_name(target.name + ".part")
    if _from(part).exists():
        raise GuestError(
            f"{folder}/{part.name}: is the beginning of a download. Go on with that, or choose another name."
        )
    source = host.path(device)
    digest = hashlib.sha256()
    try:
        with source.open("rb") as disc:
            size = disc.seek(0, os.SEEK_END)
            disc.seek(0)
            if size == 0:
                raise GuestError(f"{device}: there is no disc in it.")
            _check_room(host, folder, size)
            with part.open("wb") as file:
                for chunk in _chunks(disc, size, say, cancel):
                    digest.update(chunk)
                    file.write(chunk)
                _flush(file)
        return _arrived(host, folder, part, target, digest.hexdigest())
    except OSError as error:
        part.unlink(missing_ok=True)
        full = f"{folder}/{target.name}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else device
        raise GuestError(f"{error.filename or full}: {error.strerror}") from error
    except GuestError:
        part.unlink(missing_ok=True)
        raise


def download(
    host: Host,
    url: str,
    wanted: str = "",
    name: str = "",
    folder: str = FOLDER,
    say: Say = lambda _line: None,
    cancel: threading.Event | None = None,
) -> CdImage:
    """Fetch an image; what came before it was interrupted is not fetched again. The proxy is that of the environment.

    Without `wanted` its sum is looked for in the SHA256SUMS beside it there. Raises GuestError; a part that may be gone
    on with stays, one whose sum is wrong goes.
    """
    # Loaded when it is needed: it is large.
    import http.client
    import urllib.error
    import urllib.parse

    if not url.isascii() or not url.isprintable() or " " in url:
        raise GuestError(f"{url}: an address has no blanks and ASCII letters only: write the others as %20 and so on.")
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https"):
        raise GuestError(f"{url}: only http and https can be fetched.")
    name = name or urllib.parse.unquote(parsed.path.rpartition("/")[2])
    target = _target(host, folder, name)
    if wanted and re.fullmatch(r"[0-9a-fA-F]{64}", wanted) is None:
        raise GuestError(f"{wanted}: is no SHA-256 sum: it has 64 hexadecimal digits.")
    wanted = wanted.lower() or _published(url, parsed.path.rpartition("/")[2])
    part = target.with_name(target.name + ".part")
    try:
        _fetch(host, folder, url, part, say, cancel, known=bool(wanted))
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        reason = getattr(reason, "strerror", None) or str(reason) or repr(reason)
        here = f" {shown_size(part.stat().st_size)} of it are here; ask again to go on." if part.exists() else ""
        raise GuestError(f"{url}: {reason}.{here}") from error
    say("It is here; now its sum:")
    found = sha256(part, part.stat().st_size, say, cancel)
    if wanted and found != wanted:
        _forget(part)
        raise GuestError(f"{url}: what came has the SHA-256 {found}, and should have {wanted}. It was removed.")
    if not wanted:
        say(f"No sum of it was published beside it; its own is {found}: compare it.")
    made = _arrived(host, folder, part, target, found)
    _forget(part)
    return made


def _fetch(
    host: Host, folder: str, url: str, part: Path, say: Say, cancel: threading.Event | None, *, known: bool
) -> None:
    """Get what is missing of it. What is here is gone on with only if it is of the file that is there now: the server
    says so (If-Range, RFC 9110 13.1.5), or else the sum that is `known` will."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GuestError(f"{part.name}: is being fetched already.") from error
        try:
            _go_on(host, folder, url, part, file, say, cancel, known=known)
        finally:
            if part.exists() and not part.stat().st_size:
                _forget(part)


def _go_on(
    host: Host, folder: str, url: str, part: Path, file: IO[bytes], say: Say, cancel: threading.Event | None,
    *, known: bool,
) -> None:  # fmt: skip
    import urllib.error
    import urllib.request

    have, same = file.tell(), _same(part, url)
    headers = {}
    if have and (same or known):
        headers = {"Range": f"bytes={have}-", **({"If-Range": same} if same else {})}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http and https only, see download
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == 416 and headers:  # nothing is missing any more; or what is here is of another, larger file
            whole = error.headers.get("Content-Range", "").rpartition("/")[2]
            if not whole.isdecimal() or int(whole) == have:
                return
            _forget(part)
            raise OSError(
                None, f"it has {shown_size(int(whole))} there; more of another one was here, and is removed"
            ) from error
        raise
    with answer:
        begun = have if answer.status == 206 else 0
        if begun and not answer.headers.get("Content-Range", f"bytes {begun}-").startswith(f"bytes {begun}-"):
            raise OSError(None, "the server sent another part than was asked for")
        if begun != have:
            say("What was here of it may be of another version: it is fetched from its beginning.")
            file.seek(0)
            file.truncate()
        if not begun:
            _remember(part, url, answer.headers)
        length = int(answer.headers.get("Content-Length") or 0)
        _check_room(host, folder, length)
        for chunk in _chunks(answer, begun + length, say, cancel, begun):
            file.write(chunk)
        _flush(file)
        if length and file.tell() != begun + length:
            raise OSError(None, "the connection ended early")


def _from(part: Path) -> Path:
    return part.with_name(part.name + ".from")


def _remember(part: Path, url: str, headers: Message) -> None:
    """Write down which version of the file it is the beginning of, as far as the server says that surely."""
    tag, date = headers.get("ETag", ""), headers.get("Last-Modified", "")
    if tag.startswith("W/") or not tag:
        tag = date if _is_old(date, headers.get("Date", "")) else ""
    _from(part).write_text(json.dumps({"url": url, "version": tag}) + "\n", encoding="utf-8")


def _is_old(date: str, now: str) -> bool:
    """Whether a file was changed so long ago that two versions of it cannot bear the same date (RFC 9110 8.8.2.2)."""
    try:
        return (parsedate_to_datetime(now) - parsedate_to_datetime(date)).total_seconds() >= 60
    except (ValueError, TypeError):
        return False


def _same(part: Path, url: str) -> str:
    """What `If-Range` is to hold: the version of the file that is here the beginning of; "" where that is not known."""
    try:
        values = json.loads(_from(part).read_text(encoding="utf-8"))
        return str(values["version"]) if values["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _forget(part: Path) -> None:
    """Remove what there is of a download."""
    part.unlink(missing_ok=True)
    _from(part).unlink(missing_ok=True)


def _published(url: str, name: str) -> str:
    """The sum in the SHA256SUMS beside it, "" where there is none."""
    import http.client
    import urllib.error
    import urllib.parse
    import urllib.request

    try:
        with urllib.request.urlopen(urllib.parse.urljoin(url, "SHA256SUMS"), timeout=_TIMEOUT) as answer:  # noqa: S310
            text = answer.read(1 << 20).decode("utf-8", "replace")
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return ""
    for line in text.splitlines():
        if (found := _SUM.match(line)) is not None and found[2].rpartition("/")[2] == urllib.parse.unquote(name):
            return found[1].lower()
    return ""


def _target(host: Host, folder: str, name: str) -> Path:
    local_only(host)
    if _NAME.fullmatch(name) is None:
        raise GuestError(f"{name!r} is no name for a CD image: letters, digits, blanks and . _ + - are.")
    if not name.lower().endswith(_ENDINGS):
        name += ".iso"
    target = host.path(f"{folder}/{name}")
    if target.exists():
        raise GuestError(f"{folder}/{name}: is there already; nothing is written over.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GuestError(f"{folder}: cannot be made: {error.strerror}") from error
    return target


def _arrived(host: Host, folder: str, part: Path, target: Path, digest: str) -> CdImage:
    path = f"{folder}/{target.name}"
    write_file(host, f"{path}.sha256", f"{digest}  {target.name}\n")
    part.rename(target)
    return CdImage(target.name, path, target.stat().st_size, digest)


def _check_room(host: Host, folder: str, size: int) -> None:
    room, _device = free_bytes(host, folder)
    if size + RESERVE > room:
        raise GuestError(f"{folder}: {shown_size(size)} are needed there and {shown_size(room)} are free.")


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _chunks(source: _Readable, size: int, say: Say, cancel: threading.Event | None, done: int = 0) -> Iterator[bytes]:
    """All of a source in pieces; tells each tenth of it."""
    told = -1
    while chunk := source.read(_CHUNK):
        if cancel is not None and cancel.is_set():
            raise GuestCancelledError("Cancelled.")
        yield chunk
        done += len(chunk)
        if size and done * 10 // size > told:
            told = done * 10 // size
            say(f"{shown_size(done)} of {shown_size(size)}")
