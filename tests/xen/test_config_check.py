"""The checker of configurations beside the real xl: Debian 13's own, dry on this machine, and in the booted dom0.

`XENTUI_RECORD_XL=1` writes what xl answers to tests/unit/xlcfg/xl_answers.json, by which `make test` judges without it.
"""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dry_xl import DryXl
from livemachine import FOLDER, REPOSITORY, Dom0, live_iso

sys.path.append(str(REPOSITORY / "tests" / "unit" / "xlcfg"))

from xlcfg_corpus import cases
from xlcfg_generated import semantic, textual
from xlcfg_verdict import disagreement

from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity
from xentui.xlcfg.keys import keys

RECORD = REPOSITORY / "tests" / "unit" / "xlcfg" / "xl_answers.json"
_PV, _PVH = (f'name="a"\ntype="{kind}"\nkernel="/k"\nmemory=128\n' for kind in ("pv", "pvh"))
_HVM = 'name="a"\ntype="hvm"\nserial="pty"\nmemory=128\n'
#: Files that libxl's own defaults refuse.
LIBXL_REFUSES = [
    _PV + 'vnuma=[["size=128","vcpus=0"]]\n', _PVH + 'vnuma=[["size=129","vcpus=0"]]\n',
    _PV + "vcpus=1025\n", _PV + 'passthrough="share_pt"\n',
    _PV + 'passthrough="disabled"\npci=["03:00.0"]\n', _PVH + 'pci=["03:00.0"]\n', _PVH + 'passthrough="enabled"\n',
    _PVH + 'altp2m="mixed"\nmaxmem=256\n', _PVH + 'altp2m="mixed"\nnestedhvm=1\n',
    _HVM + 'ramdisk=""\n', _HVM + 'extra="quiet"\n', _HVM + 'vga="stdvga"\nvideoram=8\n', _HVM + "videoram=4\n",
    _HVM + 'vga="qxl"\nvideoram=64\n', _HVM + "usb=1\nusbversion=2\n", _HVM + 'usbdevice="tablet"\nusbversion=1\n',
    _HVM + 'altp2m="limited"\nmaxmem=256\n', _HVM + "nestedhvm=1\naltp2mhvm=1\n", _HVM + 'bios="rombios"\n',
]  # fmt: skip
#: What needs more of a host than is pretended: its labels, its pools, its IOMMU.
_NOT_HERE = r"^(?:(?:init_)?seclabel|pool|pci|dtdev|device_model_stubdomain_seclabel)\b"
#: What the recorded files are made with.
SEED = 20261123
#: Seconds for a dry run of some dozens of files in the emulated dom0, one after the other.
DOM0_DEADLINE = 480.0


def made_up(seed: int, each: int, mixed: int) -> Iterator[str]:
    """`each` files for every key and type, `mixed` with several odd values, and as many with odd texts."""
    dice = random.Random(seed)
    texts = [case.text for case in cases()]
    for key in keys():
        for kind in ("pv", "pvh", "hvm"):
            yield from (semantic(dice, kind, key) for _ in range(each))
    yield from (semantic(dice) for _ in range(mixed))
    yield from (textual(dice, texts) for _ in range(mixed))


@pytest.fixture(scope="session")
def dry_xl() -> DryXl:
    folder = FOLDER / "dry-xl"
    iso = live_iso()
    stamp = folder / "iso"
    if not stamp.exists() or stamp.read_text() != str(iso.stat().st_mtime_ns):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "filesystem.squashfs").unlink(missing_ok=True)
        stamp.write_text(str(iso.stat().st_mtime_ns))
    return DryXl(iso, folder)


def _judge(dry_xl: DryXl, texts: list[str]) -> list[int | None]:
    answers = [answer.status for answer in dry_xl.ask_all(texts)]
    wrong = [says for text, status in zip(texts, answers, strict=True) if (says := disagreement(text, status))]
    print(f"\n{len(texts)} files, of which xl refuses {sum(status != 0 for status in answers)}")
    assert not wrong, f"{len(wrong)} of {len(texts)}:\n" + "\n".join(wrong[:5])
    return answers


def test_the_checker_agrees_with_xl(dry_xl: DryXl) -> None:
    texts = [case.text for case in cases()]
    texts += list(made_up(SEED, each=1, mixed=400))
    answers = _judge(dry_xl, texts)
    if os.environ.get("XENTUI_RECORD_XL"):
        version = dry_xl.version()
        record = {"xl": version, "answers": list(zip(answers, texts, strict=True))}
        RECORD.write_text(json.dumps(record, ensure_ascii=True, indent=0) + "\n")


@pytest.mark.extra
def test_the_checker_agrees_with_xl_on_many(dry_xl: DryXl) -> None:
    _judge(dry_xl, list(made_up(int(os.environ.get("XENTUI_FUZZ") or SEED) + 1, each=10, mixed=3000)))


def test_what_libxl_refuses_before_it_makes_a_domain_is_an_error(dry_xl: DryXl) -> None:
    """A real create as far as it goes without a Xen; most of what `-N` lets pass ends here. Devices come later."""
    texts = [case.text for case in cases()] + list(made_up(SEED + 2, each=1, mixed=200))
    passed = [text for text in texts if not _errors(text) and not re.search(_NOT_HERE, text, re.MULTILINE)]
    answers = dry_xl.create_all(passed)
    wrong = [f"{answer.said}\n{text}" for text, answer in zip(passed, answers, strict=True) if not answer.taken]
    print(f"\n{len(passed)} files without an error, {len(passed) - len(wrong)} come to the making of a domain")
    assert len(passed) > 500
    assert not wrong, f"{len(wrong)} of {len(passed)}:\n" + "\n".join(wrong[:3])


@pytest.mark.parametrize("text", LIBXL_REFUSES)
def test_libxl_refuses_what_the_checker_says_it_does(dry_xl: DryXl, text: str) -> None:
    """Errors that `-N` does not see, seen by libxl."""
    assert _errors(text)
    assert dry_xl.ask(text).taken
    answer = dry_xl.create(text)
    assert not answer.taken
    assert "setdefault" in answer.said


def _errors(text: str) -> list[str]:
    return [finding.code for finding in check(text) if finding.severity is Severity.ERROR]


def _sample(most: int) -> list[str]:
    """Files of the corpus with every code among them, the fewest first."""
    chosen: list[str] = []
    seen: set[str] = set()
    for case in sorted(cases(), key=lambda case: -len({finding.code for finding in check(case.text)})):
        codes = {finding.code for finding in check(case.text)}
        if codes - seen and len(chosen) < most:
            chosen.append(case.text)
            seen |= codes
    return chosen


def _in_dom0(dom0: Dom0, texts: list[str], tmp_path: Path) -> list[int]:
    """The exit status of `xl -N create` in the dom0 for each; one command for all, for each ssh costs a second."""
    folder = tmp_path / "config-check"
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number:04}.cfg").write_bytes(text.encode("utf-8", "surrogateescape"))
    dom0.copy(folder, "/root")
    script = 'cd "$1" && for f in *.cfg; do timeout 60 xl -N create "$f" </dev/null >/dev/null 2>&1; echo $?; done'
    done = dom0.run(["sh", "-c", script, "sh", f"/root/{folder.name}"], DOM0_DEADLINE)
    dom0.run(["rm", "-r", shlex.quote(f"/root/{folder.name}")])
    return [int(line) for line in done.stdout.split()]


def test_xl_in_the_dom0_answers_as_the_dry_one(dom0: Dom0, dry_xl: DryXl, tmp_path: Path) -> None:
    """What stands in for the hypervisor does not make the answers."""
    texts = _sample(most=80)
    found = _in_dom0(dom0, texts, tmp_path)
    expected = [answer.status for answer in dry_xl.ask_all(texts)]
    differ = [text for text, real, dry in zip(texts, found, expected, strict=True) if (real == 0) != (dry == 0)]
    assert not differ, f"{len(differ)} of {len(texts)}, such as:\n{differ[0]}"
    wrong = [says for text, status in zip(texts, found, strict=True) if (says := disagreement(text, status))]
    assert not wrong, "\n".join(wrong[:5])
