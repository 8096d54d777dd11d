"""Whatever is wished for, it is planned, or refused with a sentence; a plan's configuration is one that xl takes."""

from __future__ import annotations

import random
import shutil

import pytest
from guest_site import GuestHost

from xentui.guests.errors import GuestError
from xentui.guests.make import plan
from xentui.guests.options import OPTIONS, SOURCES
from xentui.guests.wishes import spec_of
from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity

TEXTS = (
    "", "x", "-1", "0", "1", "2", "8G", "1M", "0x10", "١", "a b", "a\nb", "\x1b[31m", "/srv/xen/a, b.img",
    "/srv/xen/d.iso", "/boot/vmlinuz", "/boot", "/", "/dev/null", "../x", "'", '"', "$(id)", "pvh", "pv", "hvm", "own",
    "dom0", "xenbr0", "00:16:3e:00:00:01", "192.0.2.1/24", "192.0.2.1", "::1", "fe80::1/64", "de_DE.UTF-8", "trixie",
    "http://m.test/d", "%s{}", "[bold]", "size=1M", "size=1M,vg=a", "path=/x", "size=1M,vdev=xvdz",
    "size=1M,vdev=bogus", "size=1M,path=/srv/xen/q.img,format=qcow2", "/srv/xen/d.iso,ro",
    "\udcff", "a" * 2000, "9" * 400 + "G",
    "99999999999999999999999",
)  # fmt: skip
NAMES = ("g", "a.b-c", "x y", "7", "", "a" * 80, "..", "-x", "ok2")
FILES = {"cd": "/srv/xen/d.iso", "kernel": "/boot/vmlinuz", "image": "/srv/xen/d.iso", "computer": "/srv/xen/d.iso"}


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_planned_or_refused(host: GuestHost, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "is_demo", True)  # no tools are asked
    monkeypatch.setattr(shutil, "which", lambda tool: tool)
    for path in ("/srv/xen/d.iso", "/srv/xen/a, b.img"):
        host.write(path, "x")
    choose, site, planned = random.Random(seed), host.site, 0
    for _ in range(1500):
        wish: dict[str, str | bool | list[str]] = {"source": choose.choice(SOURCES)} if choose.random() < 0.9 else {}
        for option in choose.sample(OPTIONS, choose.randint(0, 6)):
            if option.name == "source" or (option.sources and wish.get("source") not in option.sources):
                continue
            texts = [choose.choice(TEXTS) for _ in range(choose.randint(1, 3))]
            wish[option.name] = True if option.kind == "flag" else texts if option.kind == "list" else texts[0]
        if (source := wish.get("source")) in FILES and choose.random() < 0.7:
            wish[str(source)] = FILES[str(source)]
        try:
            made = plan(site, spec_of(site, choose.choice(NAMES), wish))
        except GuestError as error:
            assert str(error)
            continue
        planned += 1
        assert made.describe()
        assert [found for found in check(made.config) if found.severity is Severity.ERROR] == [], wish
    assert planned > 50
    assert host.files() == {"srv/xen/d.iso", "srv/xen/a, b.img"}  # planning makes nothing
