"""The machine: memory, ids, what follows a guest's end, what the state file keeps."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xentui.demo import configuration, listing, savefile
from xentui.demo.domain import Domain, Reason
from xentui.demo.machine import LibxlError, Machine


def config(name: str = "one", **more: Any) -> dict[str, Any]:
    lines = [f"name={json.dumps(name)}", *(f"{key}={json.dumps(value)}" for key, value in more.items())]
    return configuration.read("\n".join(lines) + "\n", "test.cfg")


async def turn(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(180):
        while not condition():
            await asyncio.sleep(0)


async def test_memory_is_given_and_comes_back(machine: Machine) -> None:
    before = machine.free_mib
    assert machine.free_mib > 2 * 161 + 2 * 161 - 1  # the guide's two more can be started beside the two that run
    domain = machine.create(config(memory=160))
    assert machine.free_mib == before - 161
    with pytest.raises(LibxlError, match="can't allocate low memory") as refused:
        machine.create(config("big", memory=2048))
    assert refused.value.code == 3
    assert len(refused.value.lines) >= 3
    machine.destroy(domain, linger=0)
    await turn(lambda: domain.id not in machine.domains)
    assert machine.free_mib == before


async def test_a_dying_domain_has_no_name_for_a_while(machine: Machine) -> None:
    domain = machine.create(config())
    machine.destroy(domain, linger=math.inf)
    line = listing.table([domain]).splitlines()[1]
    assert line.startswith("(null) ")
    assert line.split()[-2] == "-----d"
    machine.create(config())  # its name is free again


@pytest.mark.parametrize(
    ("key", "action", "reason", "left"),
    [
        ("on_poweroff", "destroy", Reason.POWEROFF, []),
        ("on_reboot", "restart", Reason.REBOOT, ["one"]),
        ("on_crash", "destroy", Reason.CRASH, []),
        ("on_crash", "restart", Reason.CRASH, ["one"]),
        ("on_crash", "coredump-restart", Reason.CRASH, ["one"]),
        ("on_crash", "preserve", Reason.CRASH, ["one"]),
        ("on_crash", "rename-restart", Reason.CRASH, ["one", "one-DATE"]),
    ],
)
async def test_what_follows_its_end(machine: Machine, key: str, action: str, reason: Reason, left: list[str]) -> None:
    domain = machine.create(config(memory=64, **{key: action}))
    machine.ended(domain, reason)
    assert "s" + "-rscw"[reason] in listing.state_letters(domain, 0.0)
    log = machine.layout.path("/var/log/xen/xl-one.log")
    await turn(lambda: "Exiting" in log.read_text() or log.read_text().count("Waiting for") == 2)
    await turn(lambda: not any(other.dying for other in machine.domains.values()))
    names = sorted(re.sub(r"-\d{8}T\d{4}Z$", "-DATE", d.shown_name) for d in machine.all() if d.id)
    assert names == left
    if action in ("restart", "coredump-restart"):
        assert machine.named("one") is not domain
        assert (machine.named("one") or domain).id > domain.id


async def test_ids_are_never_given_twice(machine: Machine) -> None:
    seen = []
    for _ in range(3):
        domain = machine.create(config(memory=16))
        seen.append(domain.id)
        machine.destroy(domain, linger=0)
        await turn(lambda gone=domain: gone.id not in machine.domains)
    assert seen == sorted(set(seen))


async def test_the_state_goes_on_after_a_night(machine: Machine, tmp_path: Path) -> None:
    first = machine.create(config(memory=64, vif=["bridge=xenbr0"]))
    second = machine.create(config("two\n[b]", memory=64), paused=True)
    assert first.guest is not None
    await turn(lambda: first.guest is not None and first.guest.phase == "up")
    state = json.loads(json.dumps(machine.snapshot()))
    again = Machine(machine.layout, math.inf)
    again.resume(state)
    assert [(d.id, d.name, d.paused) for d in again.all()] == [
        (0, "Domain-0", False),
        (first.id, "one", False),
        (second.id, "two\n[b]", True),
    ]
    assert again.free_mib == machine.free_mib
    assert again.create(config("three", memory=16)).id == second.id + 1
    kept = again.named("one")
    assert kept is not None and kept.console is not None
    assert "login:" in kept.console.buffer.decode()


def test_xl_list_does_not_shorten_names() -> None:
    long = Domain(7, {"c_info": {"type": "pv"}}, 0.0, "x" * 200, memory_kb=1 << 20)
    line = listing.table([long]).splitlines()[1]
    assert line.split() == ["x" * 200, "7", "1024", "1", "-b----", "0.0"]
    plain = Domain(12, {"c_info": {"type": "pv"}}, 0.0, "server01", memory_kb=160 << 10, cpu_seconds=12.34)
    assert listing.table([plain]).splitlines()[1] == (
        "server01                                    12   160     1     -b----      12.3"
    )


@pytest.mark.parametrize(
    ("text", "disk"),
    [
        ("/srv/a.img,raw,xvda,rw", ("/srv/a.img", "raw", "xvda", 1, "qdisk", 0)),
        ("phy:/dev/vg/a,xvda1,w", ("/dev/vg/a", "raw", "xvda1", 1, "phy", 0)),
        ("file:/a.iso,hdc:cdrom,r", ("/a.iso", "raw", "hdc", 0, "qdisk", 1)),
        ("tap:qcow2:/a.qcow2,xvdb,w", ("/a.qcow2", "qcow2", "xvdb", 1, "qdisk", 0)),
        ("vdev=xvdc, format=qcow2, access=ro, target=/a", ("/a", "qcow2", "xvdc", 0, "qdisk", 0)),
        ("/a,,xvda", ("/a", "raw", "xvda", 1, "qdisk", 0)),
    ],
)
def test_disks(text: str, disk: tuple[Any, ...]) -> None:
    made = config(disk=[text])["disks"][0]
    shown = tuple(made[key] for key in ("pdev_path", "format", "vdev", "readwrite", "backend"))
    assert (*shown, made.get("is_cdrom", 0)) == disk


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory=1\n", "Domain name must be specified."),
        ("name='a'\ntype='xen'\n", 'Invalid domain type "xen".'),
        ("name='a'\nmemory\n", "config parsing error"),
        ("name='a'\non_crash='party'\n", "on_crash"),
        ("name='a'\nuuid='1'\n", "UUID"),
    ],
)
def test_configurations_that_xl_refuses(text: str, said: str) -> None:
    with pytest.raises(configuration.RefusedError, match=re.escape(said)):
        configuration.read(text, "bad.cfg")


@pytest.mark.parametrize(
    ("vdev", "number"),
    [("xvda", 51712), ("xvda1", 51713), ("xvdb", 51728), ("xvdz", 268441856), ("hda", 768), ("hdc", 5632),
     ("sdb1", 2065), ("xvdzz9x", None), ("vda", None), ("hde", None), ("", None)],
)  # fmt: skip
def test_numbers_of_virtual_disks(vdev: str, number: int | None) -> None:
    assert configuration.vdev_number(vdev) == number


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"memory": "-5"}, "can't allocate low memory"),
        ({"memory": 0}, "can't allocate low memory"),
        ({"disk": ["/dev/null,raw,xvdzz9x,w"]}, "Invalid or unsupported virtual disk identifier xvdzz9x"),
        ({"disk": ["/srv/xen/none.img,raw,xvda,w"]}, "failed to stat: /srv/xen/none.img"),
    ],
)
async def test_what_only_a_real_create_refuses(machine: Machine, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(LibxlError, match=re.escape(said)):
        machine.create(config(**wrong))
    assert list(machine.domains) == [0]


def test_memory_in_quotes_with_a_unit_is_not_memory() -> None:
    assert config(memory="512M")["b_info"]["target_memkb"] == 32 << 10  # as xl does


def test_a_save_file_has_xens_head(tmp_path: Path) -> None:
    file = tmp_path / "save"
    savefile.write(file, '{"c_info": {"name": "grün"}}', {"phase": "up"}, 64 << 20)
    assert file.stat().st_size == 64 << 20
    data = file.read_bytes()[:64]
    assert data[:32] == b"Xen saved domain, xl format\n \0 \r"
    assert data[32:36] == (0x01020304).to_bytes(4, "little")
    assert savefile.read(file)[1:] == ({"c_info": {"name": "grün"}}, {"phase": "up"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"", "truncated"),
        (lambda data: b"x" + data[1:], "wrong magic"),
        (lambda data: data[:32] + b"\1\2\3\4" + data[36:], "byte order"),
        (lambda data: data[:36] + b"\xff" + data[37:], "mandatory flag"),
        (lambda data: data[:60], "truncated"),
        (lambda data: data[:52] + b"}" * 8 + data[60:], "truncated"),
    ],
)
def test_a_damaged_save_file_is_refused(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    file = tmp_path / "save"
    savefile.write(file, '{"c_info": {"name": "a"}}', {})
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(savefile.SaveFileError, match=said):
        savefile.read(file)
