"""The configuration file of a guest that was moved: it goes along, and never takes the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Domain, State
from xentui.guests.delete import to_delete
from xentui.guests.errors import GuestError
from xentui.guests.migration.belongings import take_along

GUEST = Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg")
TEXT = 'name = "web"\n'


@pytest.fixture
def there(tmp_path: Path) -> GuestHost:
    host = GuestHost(tmp_path / "there")
    host.name = "xen2"
    return host


def test_the_file_goes_and_its_autostart_with_it(host: GuestHost, there: GuestHost) -> None:
    host.write("/etc/xen/web.cfg", TEXT)
    link = host.path("/etc/xen/auto/web.cfg")
    link.parent.mkdir()
    link.symlink_to("../web.cfg")
    moved = take_along(host, there, GUEST)
    assert len(moved.done) == 3 and not moved.left
    assert there.files() == {"etc/xen/web.cfg", "etc/xen/auto/web.cfg"} and there.config("web") == TEXT
    assert host.files() == {"etc/xen/web.cfg.moved-to-xen2"}


def test_here_nothing_may_delete_its_disks_any_more(host: GuestHost, there: GuestHost) -> None:
    host.create("web", source="busybox", disk="1M")
    made = host.path("/var/lib/xentui/guests/web.json").read_text()
    moved = take_along(host, there, GUEST)
    assert not moved.left
    with pytest.raises(GuestError, match="There is no guest web"):
        to_delete(host.site, "web")
    manifest = there.path("/var/lib/xentui/guests/web.json")
    assert manifest.read_text() == made and manifest.stat().st_mode & 0o777 == 0o600
    assert host.path("/var/lib/xentui/guests/web.json.moved-to-xen2").exists()


def test_another_file_there_is_left_alone_and_it_is_said(host: GuestHost, there: GuestHost) -> None:
    host.write("/etc/xen/web.cfg", TEXT)
    there.write("/etc/xen/web.cfg", "name = 'other'\n")
    moved = take_along(host, there, GUEST)
    assert not moved.done and "did not go along" in moved.left[0] and "do not start it there" in moved.left[0]
    assert there.config("web") == "name = 'other'\n" and host.config("web") == TEXT


def test_the_same_file_there_is_enough(host: GuestHost, there: GuestHost) -> None:
    for one in (host, there):
        one.write("/etc/xen/web.cfg", TEXT)
    assert "the same one was already" in take_along(host, there, GUEST).done[0]
    assert host.files() == {"etc/xen/web.cfg.moved-to-xen2"}


def test_a_guest_without_a_file_is_said_to_have_none(host: GuestHost, there: GuestHost) -> None:
    guest = Domain("web", id=3, state=State.BLOCKED)
    assert "No configuration file" in take_along(host, there, guest).left[0]
