"""The boot menu of a Live CD that is started by network, and what is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from xentui.livecd.iso import menu as menu_of_the_iso
from xentui.livecd.netboot import make_netboot, menu
from xentui.livecd.tools import Builder, BuildError

URL = "http://192.0.2.1/xentui.iso"


def test_every_entry_fetches_the_iso_into_a_dom0_that_has_room_for_it() -> None:
    text = menu(menu_of_the_iso(416), URL, "eth1", 300)
    kernels = [line for line in text.splitlines() if "/live/vmlinuz" in line]
    assert len(kernels) == 5
    assert all(f"boot=live fetch={URL} ethdevice=eth1 " in line for line in kernels)
    assert text.count("dom0_mem=1016M,max:1016M ") == 4  # all but the entry without Xen
    assert "dom0 has 1016 MB" in text and "416M" not in text and " toram " not in text


def test_what_has_no_menu_of_ours_is_refused() -> None:
    with pytest.raises(BuildError, match="no boot menu"):
        menu("menuentry other {\n}\n", URL, "eth0", 1)


@pytest.mark.parametrize(
    ("url", "card", "said"),
    [("ftp://x/y.iso", "eth0", "http://"), ("http://x/y.iso\n", "eth0", "http://"), ("http://x/y z.iso", "eth0", "http://"),
     (URL, "wlan0", "eth0"), (URL, "eth0 init=/bin/sh", "eth0")],
)  # fmt: skip
def test_what_would_end_up_in_the_kernels_command_line_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, card: str, said: str
) -> None:
    monkeypatch.setattr("xentui.livecd.netboot.check_tools", lambda: None)
    iso = tmp_path / "made.iso"
    iso.touch()
    with pytest.raises(BuildError, match=said):
        make_netboot(Builder(tmp_path / "log", say=lambda _line: None), iso, tmp_path / "new", url, card)
    assert not (tmp_path / "new").exists()
