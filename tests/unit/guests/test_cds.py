"""The library of CD images: sums, discs, and downloads that break off."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from guest_site import GuestHost

from xentui.guests import cds
from xentui.guests.errors import GuestCancelledError, GuestError

DATA = os.urandom(3 << 20)
SUM = hashlib.sha256(DATA).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves DATA, in parts if asked; breaks off after `breaks` bytes."""

    breaks = 0
    sums = ""
    data = DATA
    tag = ""  # "" for a server that says no version
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        if self.path.endswith("SHA256SUMS"):
            if not self.sums:
                self.send_error(404)
                return
            self._send(200, self.sums.encode())
            return
        if not self.path.partition("?")[0].endswith("/a%20cd.iso"):
            self.send_error(404)
            return
        asked = self.headers.get("Range", "")
        self.asked.append(asked)
        if self.headers.get("If-Range", self.tag) != self.tag:
            asked = ""
        begin = int(asked.removeprefix("bytes=").removesuffix("-") or 0)
        if begin >= len(self.data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(self.data)}")
            self.end_headers()
            return
        self._send(206 if asked else 200, self.data[begin:], type(self).breaks)

    def _send(self, status: int, data: bytes, breaks: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if self.tag:
            self.send_header("ETag", self.tag)
        self.end_headers()
        self.wfile.write(data[:breaks] if breaks else data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Server, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/images/a%20cd.iso"
    server.shutdown()
    server.server_close()
    thread.join(10)


def files(host: GuestHost) -> set[str]:
    folder = host.path(cds.FOLDER)
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_download_that_breaks_off_is_gone_on_with(host: GuestHost, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "breaks", 1 << 20)
    with pytest.raises(GuestError, match="1 MiB of it are here; ask again"):
        cds.download(host, url, SUM)
    assert files(host) == {"a cd.iso.part", "a cd.iso.part.from"}
    monkeypatch.setattr(Server, "breaks", 0)
    made = cds.download(host, url, SUM)
    assert Server.asked == ["", f"bytes={1 << 20}-"]
    assert host.path(made.path).read_bytes() == DATA and made.wanted == SUM
    assert files(host) == {"a cd.iso", "a cd.iso.sha256"}
    cds.check(host, cds.find(host, "a cd.iso"))
    with pytest.raises(GuestError, match="is there already"):
        cds.download(host, url, SUM)


@pytest.mark.parametrize("how", ["changed there", "no version", "another address"])
def test_two_versions_are_not_stitched_together(
    host: GuestHost, url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Without a sum nothing else would tell."""
    monkeypatch.setattr(Server, "breaks", 1 << 20)
    monkeypatch.setattr(Server, "tag", "" if how == "no version" else '"one"')
    with pytest.raises(GuestError, match="1 MiB of it are here"):
        cds.download(host, url)
    other = os.urandom(2 << 20)
    monkeypatch.setattr(Server, "breaks", 0)
    monkeypatch.setattr(Server, "data", other)
    if how == "changed there":
        monkeypatch.setattr(Server, "tag", '"two"')
    made = cds.download(host, url + "?mirror=2" if how == "another address" else url)
    assert host.path(made.path).read_bytes() == other
    assert files(host) == {"a cd.iso", "a cd.iso.sha256"}


def test_the_same_version_is_gone_on_with(host: GuestHost, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "breaks", 1 << 20)
    monkeypatch.setattr(Server, "tag", '"one"')
    with pytest.raises(GuestError, match="1 MiB of it are here"):
        cds.download(host, url)
    host.write("/dev/cdrom", "another")
    with pytest.raises(GuestError, match=r"a cd\.iso\.part: is the beginning of a download"):
        cds.copy_disc(host, "/dev/cdrom", "a cd.iso")
    monkeypatch.setattr(Server, "breaks", 0)
    assert cds.download(host, url).wanted == SUM
    assert Server.asked == ["", f"bytes={1 << 20}-"]


def test_a_date_tells_versions_apart_only_when_it_is_old() -> None:
    now = "Mon, 23 Nov 2026 21:00:00 GMT"
    assert cds._is_old("Mon, 23 Nov 2026 20:59:00 GMT", now)
    for date in ("Mon, 23 Nov 2026 20:59:30 GMT", "yesterday", ""):
        assert not cds._is_old(date, now)


def test_one_image_is_not_fetched_twice_at_once(host: GuestHost, url: str) -> None:
    part = host.write(f"{cds.FOLDER}/a cd.iso.part", b"")
    with part.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(GuestError, match="is being fetched already"):
            cds.download(host, url)


def test_a_bad_sum_is_told_and_the_file_goes(host: GuestHost, url: str) -> None:
    with pytest.raises(GuestError, match="should have aaaa"):
        cds.download(host, url, "a" * 64)
    assert files(host) == set()


def test_the_sums_beside_it_count(host: GuestHost, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "sums", f"{'b' * 64} *a cd.iso\n")
    with pytest.raises(GuestError, match="should have bbbb"):
        cds.download(host, url)
    monkeypatch.setattr(Server, "sums", f"{'b' * 64}  other.iso\n{SUM}  a cd.iso\n")
    assert cds.download(host, url).wanted == SUM


def test_what_cannot_be_fetched(host: GuestHost, url: str) -> None:
    for wrong, words in (
        ("ftp://x/y.iso", "only http"),
        (url.replace("a%20cd", "none"), "Not Found"),
        (url.replace("a%20cd.iso", "..%2f..%2fetc%2fx.iso"), "is no name"),
    ):
        with pytest.raises(GuestError, match=words):
            cds.download(host, wrong)
        assert files(host) == set()
    with pytest.raises(GuestError, match="64 hexadecimal digits"):
        cds.download(host, url, "123")


def test_an_address_that_is_none_and_a_server_that_is_none(
    host: GuestHost, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GuestError, match="write the others as %20"):
        cds.download(host, url.replace("%20", " "))

    def babble(*_args: object, **_options: object) -> object:
        raise http.client.BadStatusLine("SSH-2.0-OpenSSH")

    monkeypatch.setattr(urllib.request, "urlopen", babble)
    with pytest.raises(GuestError, match=r"a%20cd.iso: .*SSH-2.0"):
        cds.download(host, url)


def test_more_than_there_is_was_another_file(host: GuestHost, url: str) -> None:
    part = host.write(f"{cds.FOLDER}/a cd.iso.part", DATA + b"more")
    with pytest.raises(GuestError, match=r"it has 3 MiB there; more of another one was here"):
        cds.download(host, url, SUM)
    assert not part.exists()
    assert cds.download(host, url).wanted == SUM


def test_a_damaged_image_and_one_without_a_sum(host: GuestHost) -> None:
    host.write(f"{cds.FOLDER}/x.iso", DATA)
    host.write(f"{cds.FOLDER}/y.iso", DATA)
    host.write(f"{cds.FOLDER}/notes.txt", "x")
    host.write(f"{cds.FOLDER}/SHA256SUMS", f"{SUM} *./x.iso\n")
    assert [(image.name, bool(image.wanted)) for image in cds.library(host)] == [("x.iso", True), ("y.iso", False)]
    cds.check(host, cds.find(host, "x.iso"))
    with pytest.raises(GuestError, match="no sum of it is known"):
        cds.check(host, cds.find(host, "y.iso"))
    host.write(f"{cds.FOLDER}/x.iso", DATA[:-1] + b"!")
    with pytest.raises(GuestError, match="is damaged or another file"):
        cds.check(host, cds.find(host, "x.iso"))


def test_a_disc_is_copied_or_nothing_is(host: GuestHost) -> None:
    host.write("/dev/cdrom", DATA)
    said: list[str] = []
    made = cds.copy_disc(host, "/dev/cdrom", "windows", say=said.append)
    assert (made.name, made.wanted) == ("windows.iso", SUM)
    assert said[-1] == "3 MiB of 3 MiB"
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(GuestCancelledError):
        cds.copy_disc(host, "/dev/cdrom", "other", cancel=cancel)
    assert files(host) == {"windows.iso", "windows.iso.sha256"}
    host.write("/dev/empty", b"")
    with pytest.raises(GuestError, match="there is no disc in it"):
        cds.copy_disc(host, "/dev/empty", "other")
    with pytest.raises(GuestError, match="No such file"):
        cds.copy_disc(host, "/dev/none", "other")
