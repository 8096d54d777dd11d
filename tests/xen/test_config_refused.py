"""What only a real create refuses: `xl -N create` takes these files, and the checker must know better.

A dom0 of the Live CD without --hvm has no device model, so that no HVM guest starts there; such a file is refused
for what is wrong with it, if xl says something else than of the same file without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from livemachine import Dom0

from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity

#: Seconds for two dozen creates in the emulated dom0, one after the other.
DEADLINE = 900.0

_PV = 'name="checked"\ntype="pv"\nkernel="{kernel}"\nramdisk="{ramdisk}"\nmemory=112\n'
_HVM = 'name="checked"\ntype="hvm"\nserial="pty"\nmemory=112\n'
_DISK = "/root/checked.img"

#: Code of the finding, the file's beginning, and what is wrong.
FILES = [
    ("out-of-range", _PV, "cpu_weight=0"),
    ("out-of-range", _PV, "cap=101"),
    ("unknown-word", _PV, 'tsc_mode="native_paravirt"'),
    ("vnuma-pv", _PV, 'vnuma=[["pnode=0","size=112","vcpus=0"]]'),
    ("bad-vdev", _PV, f'disk=["{_DISK},raw,hdz,w"]'),
    ("vdev-twice", _PV, f'disk=["{_DISK},raw,xvda,w","{_DISK}2,raw,d0p0,w"]'),
    ("devid-twice", _PV, 'vif=["devid=1","devid=1"]'),
    ("bad-device", _PV, 'channel=["connection=pty"]'),
    ("no-kernel", _HVM, 'ramdisk="/boot/vmlinuz"'),
    ("small-videoram", _HVM, 'vga="stdvga"\nvideoram=8'),
    ("memory-videoram", _HVM, "videoram=128"),
    ("usb-twice", _HVM, "usb=1\nusbversion=2"),
    ("spice-port", _HVM, "spice=1\nspicedisable_ticketing=1"),
    ("spice-password", _HVM, "spice=1\nspiceport=6000"),
    ("altp2m-maxmem", _HVM, 'altp2m="mixed"\nmaxmem=256'),
    ("debian-refuses", _HVM, 'bios="rombios"'),
    ("bad-boot", _HVM, 'boot="CD"'),
]

_SCRIPT = """
cd "$1"
for f in *.cfg; do
    timeout 120 xl create -p "$f" </dev/null >/dev/null 2>"$f.err"
    echo "$f $? $(grep -v "^Parsing" "$f.err" | tr '\\n' ' ' | cut -c1-300)"
    if xl domid checked >/dev/null 2>&1; then xl destroy checked; fi
done
"""


@dataclass(frozen=True)
class Created:
    status: int
    said: str


@pytest.mark.extra
def test_a_real_create_refuses_them(dom0: Dom0, tmp_path: Path) -> None:
    created = _create_all(dom0, tmp_path)
    good, bad = created[:2], created[2:]
    assert good[0].status == 0, f"the good PV guest: {good[0].said}"
    for (code, _beginning, wrong), answer in zip(FILES, bad, strict=True):
        print(f"{code}: {wrong!r}: exit {answer.status}: {answer.said}")
    taken = [
        (code, wrong)
        for (code, beginning, wrong), answer in zip(FILES, bad, strict=True)
        if answer.status == 0 or (beginning is _HVM and answer.said == good[1].said)
    ]
    assert not taken, f"not refused for what is wrong: {taken}"


@pytest.mark.parametrize(("code", "beginning", "wrong"), FILES)
def test_the_checker_finds_them(code: str, beginning: str, wrong: str) -> None:
    assert not [f for f in check(beginning) if f.severity is Severity.ERROR]
    assert code in [f.code for f in check(f"{beginning}{wrong}\n") if f.severity is Severity.ERROR]


def _create_all(dom0: Dom0, tmp_path: Path) -> list[Created]:
    """The two good files, then all of FILES, created paused. client01 makes room for them, and comes back."""
    config = dom0.run(["cat", "/etc/xen/client01.cfg"]).stdout
    names = {key: re.search(rf'^{key}\s*=\s*["\'](.+)["\']', config, re.MULTILINE) for key in ("kernel", "ramdisk")}
    paths = {key: found[1] for key, found in names.items() if found}
    folder = tmp_path / "config-refused"
    folder.mkdir()
    texts = [_PV, _HVM, *(f"{beginning}{wrong}\n" for _code, beginning, wrong in FILES)]
    for number, text in enumerate(texts):
        (folder / f"{number:02}.cfg").write_text(
            text.replace("{kernel}", paths["kernel"]).replace("{ramdisk}", paths["ramdisk"])
        )
    dom0.copy(folder, "/root")
    dom0.run(["truncate", "-s", "1M", _DISK, f"{_DISK}2"])
    dom0.run(["xl", "destroy", "client01"])
    try:
        done = dom0.run(["sh", "-c", _SCRIPT, "sh", f"/root/{folder.name}"], DEADLINE)
    finally:
        dom0.run(["xl", "create", "/etc/xen/client01.cfg"], check=False)
        dom0.run(["rm", "-rf", f"/root/{folder.name}", _DISK, f"{_DISK}2"])
    answers = [line.split(" ", 2) for line in done.stdout.splitlines()]
    return [Created(int(status), _unnumbered(" ".join(said))) for _file, status, *said in answers]


def _unnumbered(text: str) -> str:
    """The messages without the domain's number and the file's name."""
    return re.sub(r"Domain \d+|\d+\.cfg", "", text)
