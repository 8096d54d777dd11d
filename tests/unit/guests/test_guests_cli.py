"""The verbs about guests, over a running demo dom0: what they print, and their exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_verbs import run

from xentui.demo.host import DemoHost

SERVER01 = "/etc/xen/server01.cfg"


@pytest.fixture(scope="module")
def demo_host() -> Iterator[DemoHost]:
    """One demo for all tests: each takes away what it made."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("XENTUI_DEMO_SPEED", "50")
        host = DemoHost()
        host.open()
        yield host
        host.close()


@pytest.fixture
def demo(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch) -> DemoHost:
    """The demo, joined by every call of `main`."""
    monkeypatch.setenv("XENTUI_DEMO_DIR", str(demo_host.layout.directory))
    return demo_host


def test_a_dry_run_makes_nothing(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    wish = ["create", "--name", "web", "--source", "busybox", "--disk", "1M", "--dry-run"]
    status, out, _ = run(capsys, "--read-only", *wish)
    assert status == 0
    assert "1. Make the new file /srv/xen/web-disk.img, 1 MiB, raw" in out and 'name = "web"' in out
    assert not demo.path("/etc/xen/web.cfg").exists() and not demo.path("/srv/xen/web-disk.img").exists()


def test_made_listed_and_deleted(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "create", "--hostname", "web", "--source", "busybox", "--memory", "128M", "--dhcp")[0] == 0
    names = [domain["name"] for domain in json.loads(run(capsys, "list", "--json")[1])]
    assert "web" in names
    status, out, err = run(capsys, "delete", "web")  # no terminal, no --confirm
    assert status == 1 and "file /etc/xen/web.cfg" in out and "--confirm web" in err
    assert demo.path("/etc/xen/web.cfg").exists()
    assert run(capsys, "delete", "web", "--confirm", "web")[0] == 0
    assert not demo.path("/etc/xen/web.cfg").exists()


def test_a_guest_is_started_when_its_installer_has_halted(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "create", "deb", "--source", "installer", "--size", "1M", "--memory", "512")
    assert status == 0 and "The installer is started by: xentui install deb" in out
    status, _, err = run(capsys, "start", "deb")
    assert status == 1
    assert (
        "deb: nothing is on its disk yet. xentui install deb boots the Debian Installer, xentui start /etc/xen/" in err
    )
    assert run(capsys, "install", "deb")[0] == 0
    assert run(capsys, "shutdown", "--wait", "deb")[0] == 0
    assert run(capsys, "start", "deb")[0] == 0
    assert run(capsys, "destroy", "--yes", "deb")[0] == 0
    assert run(capsys, "start", "/etc/xen/deb.cfg")[0] == 0, "by its file it is started as it is"
    assert run(capsys, "destroy", "--yes", "deb")[0] == 0
    assert run(capsys, "delete", "deb", "--confirm", "deb")[0] == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["--read-only", "create", "x", "--source", "busybox"], 2, "exclude each other"),
        (["create", "x", "--pygrub"], 2, "PVH guest here, booted by GRUB for PVH"),
        (["create", "x", "--install-method=debootstrap"], 2, "mmdebstrap"),
        (["create", "x", "--image=sparse", "--dist=trixie"], 2, "is a disk image to copy here"),
        (["create", "x", "--dist=trixie", "--boot"], 2, "to start the guest once it is made: --start"),
        (["create", "x", "--dist=trixie", "--netmask=255.255.255.0"], 2, "--netmask goes with --ip"),
        (["create", "x", "--dist=trixie", "--ip=192.0.2.5", "--netmask=255.0.255.0"], 1, "255.0.255.0"),
        (
            ["create", "x", "--dist=trixie", "--ip=192.0.2.5", "--netmask=255.255.255.0", "--gateway=192.0.3.1"],
            1,
            "is not in the guest's network 192.0.2.0/24",
        ),
        (["create", "x", "--hostname", "y", "--source", "busybox"], 2, "given twice"),
        (["create", "--source", "busybox"], 1, "No name is given for the guest"),
        (["create", "server02", "--source", "busybox"], 1, "There is a guest server02 already"),
        (["create", "x", "--disk", "/srv/xen/none.img"], 1, "/srv/xen/none.img: the disk is not there"),
        (["create", "x", "--template", "windos"], 1, "did you mean windows"),
        (["template", "make", "t"], 2, "either --from"),
        (["delete", "server02", "--confirm", "server02"], 1, "was not made by xentui create"),
        (["snapshot", "revert", "server02", "one"], 1, "has no snapshot 'one'"),
        (["clone", "server01", "copy"], 1, "would be torn"),
        (["retype", "server02", "pv"], 1, "is a PV guest already"),
        (["migrate", "server01", "--to", "root@other", "--check"], 1, "knows one other host: demo2"),
        (["--read-only", "migrate", "server01", "--to", "demo2"], 2, "exclude each other"),
        (["migrate", "server02", "--to", "demo2", "--check"], 1, "only a guest that runs can be moved live"),
        (["memory", "server01", "9999"], 1, "maximum is"),
        (["vcpus", "server01", "two"], 1, "Give a whole number of vCPUs"),
        (["config", "diff", "nowhere"], 1, "There is no guest nowhere"),
        (["config", "diff", "server02"], 1, "server02 is off"),
        (["config", "diff", "Domain-0"], 1, "has no configuration file"),
        (["--read-only", "config", "apply", "server01", "--yes"], 2, "exclude each other"),
        (["cd-insert", "server01", "/srv/x.iso"], 1, "in HVM guests only"),
        (["note", "Domain-0", "mine"], 1, "has no configuration file"),
        (["update", "server01"], 1, "update it from inside"),
        (["update", "server02"], 1, "have no Debian on their disks"),
        (["--read-only", "note", "server02", "mine"], 2, "exclude each other"),
        (["info", "none"], 1, "there is no domain 'none'"),
        (["cd", "check", "none.iso"], 1, "There is no CD image 'none.iso'"),
    ],
)
def test_what_is_refused(
    demo: DemoHost, capsys: pytest.CaptureFixture[str], words: list[str], status: int, says: str
) -> None:
    options = [word for word in words if word == "--read-only"]
    found, _out, err = run(capsys, *options, *[word for word in words if word not in options])
    assert (found, len(err.strip().splitlines())) == (status, 1), err
    assert says in err


def test_templates_are_listed_made_and_used(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, "template", "list", "--json")[1])
    assert {"template", "path", "description"} == set(listed[0])
    assert run(capsys, "template", "make", "mine", "--source", "busybox", "--memory", "160")[0] == 0
    assert run(capsys, "template", "make", "like", "--from", "server01")[0] == 0
    assert 'memory = "160"' in run(capsys, "template", "show", "mine")[1]
    status, out, _ = run(capsys, "template", "use", "mine", "web", "--dry-run")
    assert status == 0 and "memory = 160" in out


def test_a_note_is_kept_in_the_configuration_and_goes_with_the_guest(
    demo: DemoHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "create", "web", "--source", "busybox")[0] == 0
    assert run(capsys, "note", "web", "for", "Anna")[:2] == (0, "")
    assert run(capsys, "note", "web")[1] == "for Anna\n"
    assert "note        : for Anna\n" in run(capsys, "info", "web")[1]
    assert json.loads(run(capsys, "info", "web", "--json")[1])["note"] == "for Anna"
    assert run(capsys, "rename", "web", "web2")[0] == 0
    assert run(capsys, "note", "web2")[1] == "for Anna\n"
    assert run(capsys, "note", "web2", "two\nlines")[0] == 1
    assert run(capsys, "note", "web2", "")[0] == 0
    assert "note" not in demo.path("/etc/xen/web2.cfg").read_text()
    demo.path("/etc/xen/web2.cfg~").write_text("what the editor kept")
    assert run(capsys, "delete", "web2", "--confirm", "web2")[0] == 0
    assert not list(demo.path("/etc/xen").glob("web2*"))


def test_memory_is_set_while_it_runs(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads(run(capsys, "info", "server01", "--json")[1])["memory_mib"]
    assert run(capsys, "memory", "server01", "128")[0] == 0
    assert json.loads(run(capsys, "info", "server01", "--json")[1])["memory_mib"] == 128
    assert run(capsys, "memory", "server01", str(before))[0] == 0


def test_a_file_that_only_the_host_has_is_checked_there(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    own = demo.path("/etc/xen/only-there.cfg")
    own.write_text('name = "only-there"\ntype = "pv"\nkernel = "/boot/vmlinuz"\nmemory = "64M"\n')
    try:
        status, out, _ = run(capsys, "config", "check", "/etc/xen/only-there.cfg")
    finally:
        own.unlink()
    assert status == 0 and out.startswith("/etc/xen/only-there.cfg:4:10: warning: '64M' is no number")
    assert "name-taken" not in out  # it is that guest itself
    status, _out, err = run(capsys, "config", "check", "/etc/xen/nowhere.cfg")
    assert (status, err) == (1, "xentui: /etc/xen/nowhere.cfg: No such file or directory\n")


def test_files_are_named_from_where_the_user_stands(
    demo: DemoHost, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a kernel").write_text("x")
    status, out, _ = run(capsys, "create", "k", "--kernel", "a kernel", "--dry-run")
    assert status == 0 and f'kernel = "{tmp_path}/a kernel"' in out


def test_what_is_made_and_cannot_be_started_is_told_so(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "create", "big", "--source", "busybox", "--memory", "64G", "--start")
    assert status == 1 and "Made big" in out
    assert err.splitlines()[-1].startswith("xentui: big is made, but could not be started: ")
    assert run(capsys, "delete", "big", "--confirm", "big")[0] == 0


def test_ctrl_c_cancels_and_tidies_up(demo: DemoHost) -> None:
    code = (
        "import sys, time\n"
        "from xentui.guests import make as m\n"
        "from xentui.guests.work import Step\n"
        "def slow(work):\n"
        "    print('waiting', flush=True)\n"
        "    work.cancel.wait(60)\n"
        "    work.stop_if_cancelled()\n"
        "plain = m._disk_steps\n"
        "m._disk_steps = lambda spec: [*plain(spec), Step('slow', slow)]\n"
        "from xentui.cli import main\n"
        "sys.exit(main(['--demo', 'create', 'web', '--source', 'busybox', '--disk', '1M']))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    assert child.stdout is not None
    while "waiting" not in child.stdout.readline():
        assert child.poll() is None
    assert demo.path("/srv/xen/web-disk.img").exists()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=180)
    assert child.returncode == 1 and "Cancelled. Nothing of it is left." in err
    assert not demo.path("/srv/xen/web-disk.img").exists()
    assert not demo.path("/var/lib/xentui/guests/web.json").exists()


def test_a_running_guest_becomes_what_its_configuration_says(
    demo: DemoHost, capsys: pytest.CaptureFixture[str]
) -> None:
    file = demo.path(SERVER01)
    before = file.read_text()
    assert run(capsys, "config", "diff", "server01") == (0, f"server01 runs as {SERVER01} says.\n", "")
    disk = '"/srv/xen/practice1.img,raw,xvdb,rw"'
    file.write_text(before.replace("memory = 160", "memory = 128").replace("disk = [", f"disk = [{disk}, "))
    try:
        status, out, _ = run(capsys, "config", "diff", "server01")
        assert status == 1 and "memory: it has 160 MiB now\n    xl mem-set server01 128m\n" in out
        status, out, err = run(capsys, "config", "apply", "server01")  # no terminal, no --yes
        assert status == 2 and "nothing was done" in err
        assert run(capsys, "config", "diff", "server01")[0] == 1
        status, out, err = run(capsys, "config", "apply", "server01", "--yes")
        assert (status, err) == (0, "") and out.endswith("Done to server01: memory, disk.\n")
        assert run(capsys, "config", "diff", "server01")[0] == 0
    finally:
        file.write_text(before)
    status, out, _ = run(capsys, "config", "apply", "server01", "--yes")
    assert status == 0 and "xl block-detach server01 xvdb\n    If server01 still uses xvdb" in out
    assert run(capsys, "config", "diff", "server01")[0] == 0


def test_what_xl_refuses_to_change_is_told(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    file = demo.path(SERVER01)
    before = file.read_text()
    file.write_text(before.replace("disk = [", 'disk = ["/srv/xen/gone.img,raw,xvdb,rw", '))
    try:
        status, _out, err = run(capsys, "config", "apply", "server01", "--yes")
        file.write_text(before.replace("vcpus = 1", "vcpus = 4"))
        waits = run(capsys, "config", "apply", "server01", "--yes")
    finally:
        file.write_text(before)
    assert status == 1 and "$ xl block-attach server01" in err and err.endswith("server01: 1 of 1 did not work\n")
    # What cannot be done now is not tried.
    assert waits[0] == 0 and "it was started with 1 vCPU at most" in waits[1] and waits[2] == ""
