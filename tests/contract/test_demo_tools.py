"""The demo's programs as programs: started, read, hung, killed; and the demo's own life and death."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.demo.host import DemoHost
from xentui.host import HostError
from xentui.subprocesses import CommandError, CommandRecord, DeadlineError, ProgramMissingError, end_process

Until = Callable[..., None]


def xl(host: DemoHost, *words: str) -> CommandRecord:
    return host.run(["xl", *words], deadline=180, check=False)


def names(host: DemoHost) -> list[str]:
    return [entry["config"]["c_info"]["name"] for entry in json.loads(xl(host, "list", "-l").stdout)]


def test_the_guides_machine(demo_host: DemoHost) -> None:
    assert names(demo_host) == ["Domain-0", "client01", "server01"]
    lines = xl(demo_host, "list").stdout.splitlines()
    assert lines[0] == "Name                                        ID   Mem VCPUs\tState\tTime(s)"
    assert lines[1].split()[:5] == ["Domain-0", "0", "640", "2", "r-----"]
    assert xl(demo_host, "info", "xen_version").stdout == "4.20.0-demo\n"
    for guest in ("server02", "client02"):
        done = xl(demo_host, "create", f"/etc/xen/{guest}.cfg")
        assert (done.status, done.stderr) == (0, f"Parsing config from /etc/xen/{guest}.cfg\n")
    assert int(xl(demo_host, "info", "free_memory").stdout) > 0
    refused = xl(demo_host, "create", "/etc/xen/server02.cfg", "name='big'", "memory=2048")
    assert refused.status == 3
    assert refused.stderr.count("error") >= 3
    assert "big" not in names(demo_host)


def test_files_of_the_dom0(demo_host: DemoHost) -> None:
    assert [file.path for file in demo_host.scan("/etc/xen") if file.path.endswith(".cfg")] == [
        f"/etc/xen/{name}.cfg" for name in ("client01", "client02", "server01", "server02")
    ]
    assert [file.path for file in demo_host.scan("/etc/xen/auto")] == [
        "/etc/xen/auto/client01.cfg",
        "/etc/xen/auto/server01.cfg",
    ]
    assert b"Waiting for domain server01" in demo_host.read("/var/log/xen/xl-server01.log")
    assert demo_host.path("/tmp/x") == Path("/tmp/x")
    assert demo_host.path("/etc/xen/../../etc/passwd") == Path("/etc/passwd")  # no way around the map
    assert demo_host.path("/run/lock/a") == demo_host.path("/var/lock/a")


def test_lifecycle(demo_host: DemoHost, until: Until) -> None:
    assert xl(demo_host, "create", "-p", "/etc/xen/server02.cfg").ok
    assert xl(demo_host, "list", "server02").stdout.split()[-2] == "--p---"
    assert xl(demo_host, "unpause", "server02").ok
    before = int(xl(demo_host, "domid", "server02").stdout)
    assert xl(demo_host, "reboot", "server02").ok
    until(lambda: xl(demo_host, "domid", "server02").stdout.strip() not in ("", str(before)), "a new id")
    assert xl(demo_host, "shutdown", "-w", "server02").ok
    until(lambda: "server02" not in names(demo_host), "the end of server02")
    assert xl(demo_host, "destroy", "client01").ok
    until(lambda: names(demo_host) == ["Domain-0", "server01"])


def test_save_and_restore(demo_host: DemoHost, until: Until, tmp_path: Path) -> None:
    file = "/var/lib/xen/save/server01"
    assert xl(demo_host, "save", "server01", file).ok
    until(lambda: "server01" not in names(demo_host))
    assert xl(demo_host, "restore", file).ok
    again = xl(demo_host, "restore", file)
    assert (again.status, "already exists" in again.stderr) == (1, True)
    xl(demo_host, "pause", "server01")
    refused = xl(demo_host, "save", "server01", str(tmp_path / "paused"))
    assert refused.status == 1
    assert len(refused.stderr.splitlines()) == 8
    assert xl(demo_host, "list", "server01").stdout.split()[-2] == "--p---"
    assert (tmp_path / "paused").stat().st_size < 4096  # the useless file that xl leaves
    assert xl(demo_host, "restore", str(tmp_path / "none")).status == 1


#: What is typed, the exit status, and a part of what xl says.
REFUSALS = [
    (["pause", "nobody"], 1, "nobody is an invalid domain identifier (rc=-6)"),
    (["list", "99"], 1, "Error: Domain '99' does not exist."),
    (["domid", "nobody"], 1, "Can't get domid of domain name 'nobody', maybe this domain does not exist."),
    (["frobnicate"], 1, "command not implemented"),
    (["pause"], 2, "'xl pause' requires at least 1 argument."),
    (["list", "-x"], 2, "option `x' not supported."),
    (["-Q", "list"], 1, "unknown global option"),
    (["-N", "list"], 1, "command does not implement -N (dryrun) option"),
    (["destroy", "0"], 1, "Not destroying domain 0; use -f to force."),
    (["mem-set", "server01", "512MB"], 1, "invalid memory size: 512MB"),
    (["mem-set", "server01", "512m"], 1, "memory_dynamic_max must be less than"),
    (["vcpu-set", "server01", "7"], 1, "You are overcommmitting!"),
    (["create", "/etc/xen/none.cfg"], 3, "Failed to read config file: /etc/xen/none.cfg: No such file"),
    (["rename", "server01", "client01"], 1, 'Domain with name "client01" already exists.'),
    (["console", "0"], 22, "Can't specify Domain-0"),
    (["migrate", "server01", "other"], 1, "ssh: Could not resolve hostname other: Name or service not known"),
    (["block-attach", "server01", "/srv/xen/none.img,raw,xvdb,w"], 1, "failed to stat: /srv/xen/none.img"),
    (["block-attach", "server01", "/srv/xen/practice1.img,raw,xvda,w"], 1, "device already exists in xenstore"),
    (["block-detach", "server01", "xvdz"], 1, "Error: Device xvdz not connected."),
    (["network-detach", "server01", "7"], 1, "Unknown device 7."),
    (["cd-insert", "server01", "hdc", "/srv/xen/practice1.img"], 1, "cdrom-insert requires an HVM domain"),
    (["trigger", "server01", "power"], 1, "the demo dom0 cannot do this"),
]


def test_refusals_are_xls(demo_host: DemoHost) -> None:
    for words, status, said in REFUSALS:
        done = xl(demo_host, *words)
        assert (done.status, said in done.stderr) == (status, True), done
    assert names(demo_host) == ["Domain-0", "client01", "server01"]


def test_changes(demo_host: DemoHost) -> None:
    assert xl(demo_host, "mem-set", "server01", "96m").ok
    assert xl(demo_host, "list", "server01").stdout.split()[-4] == "96"
    assert xl(demo_host, "mem-set", "server01", "128").ok  # a bare number is MiB, whatever the manual says
    assert xl(demo_host, "list", "server01").stdout.split()[-4] == "128"
    assert xl(demo_host, "rename", "server01", "other name").ok
    assert "other name" in names(demo_host)
    assert xl(demo_host, "sched-credit2", "-d", "other name", "-w", "512").ok
    assert xl(demo_host, "sched-credit2", "-d", "other name").stdout.splitlines()[1].split()[-2:] == ["512", "0"]
    dry = xl(demo_host, "-N", "create", "/etc/xen/server02.cfg", "memory=64")
    assert json.loads(dry.stdout)["b_info"]["target_memkb"] == 64 << 10
    assert "server02" not in names(demo_host)


def test_devices_come_and_go(demo_host: DemoHost) -> None:
    def devices() -> tuple[list[str], list[str]]:
        [config] = [d["config"] for d in json.loads(xl(demo_host, "list", "-l").stdout)
                    if d["config"]["c_info"].get("name") == "client01"]  # fmt: skip
        return [disk["vdev"] for disk in config.get("disks", [])], [nic["mac"] for nic in config.get("nics", [])]

    before = devices()
    assert xl(demo_host, "block-attach", "client01", "/srv/xen/practice1.img,raw,xvdb,w").ok
    assert xl(demo_host, "network-attach", "client01", "mac=00:16:3e:00:00:99", "bridge=xenbr0").ok
    assert devices() == ([*before[0], "xvdb"], [*before[1], "00:16:3e:00:00:99"])
    assert xl(demo_host, "network-detach", "client01", "00:16:3e:00:00:99").ok
    assert xl(demo_host, "block-detach", "client01", "xvdb").ok
    assert devices() == before


def test_a_cd_is_changed(demo_host: DemoHost) -> None:
    config = 'name="cd"\ntype="hvm"\nmemory=64\ndisk=[",raw,hdc,cdrom"]\n'
    demo_host.path("/etc/xen/cd.cfg").write_text(config)
    assert xl(demo_host, "create", "/etc/xen/cd.cfg").ok
    try:
        assert not xl(demo_host, "cd-insert", "cd", "hdd", "/srv/xen/practice1.img").ok
        assert xl(demo_host, "cd-insert", "cd", "hdc", "/srv/xen/practice1.img").ok
        assert '"pdev_path": "/srv/xen/practice1.img"' in xl(demo_host, "list", "-l").stdout
        assert xl(demo_host, "cd-eject", "cd", "hdc").ok
        assert "practice1" not in xl(demo_host, "list", "-l").stdout
    finally:
        assert xl(demo_host, "destroy", "cd").ok
        demo_host.path("/etc/xen/cd.cfg").unlink()


def test_a_save_that_is_broken_off_leaves_the_guest_running(demo_host: DemoHost, until: Until) -> None:
    demo_host.control("speed", "0.1")
    saving = subprocess.Popen(
        demo_host.argv(["xl", "save", "server01", "/var/lib/xen/save/x"]), stderr=subprocess.PIPE, text=True
    )
    assert saving.stderr is not None
    assert saving.stderr.readline().startswith("Saving to ")
    saving.kill()
    saving.communicate()
    demo_host.control("speed", "inf")
    xl(demo_host, "shutdown", "server01")  # it answers
    until(lambda: "server01" not in names(demo_host))


def test_xentop_streams(demo_host: DemoHost) -> None:
    once = demo_host.run(["xentop", "-b", "-f", "-i", "1"], deadline=180).stdout.splitlines()
    columns = """NAME STATE CPU(sec) CPU(%) MEM(k) MEM(%) MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS VBD_OO
        VBD_RD VBD_WR VBD_RSECT VBD_WSECT SSID"""
    assert once[0].split() == columns.split()
    assert once[1].split()[0] == "Domain-0"
    assert "no limit       n/a" in once[1]
    assert len(once[1].split()) == 20
    assert [line.split()[3] for line in once[2:]] == ["0.0", "0.0"]
    stream = demo_host.stream(["xentop", "-b", "-f", "-d", "1"])
    assert stream.stdout is not None
    pages = 0
    for line in stream.stdout:
        pages += "CPU(%)" in line
        if pages == 2 and line.split()[0] == "Domain-0":
            assert float(line.split()[3]) > 0.0
            break
    stream.terminate()
    stream.wait(10)
    stream.stdout.close()


def test_bad_days(demo_host: DemoHost, until: Until) -> None:
    demo_host.control("hang", "on")
    with pytest.raises(DeadlineError):
        demo_host.run(["xl", "list"], deadline=0.5)
    hung = demo_host.stream(["xl", "list"])
    assert hung.stdout is not None
    assert hung.stdout.readline().startswith("Name ")  # as far as real xl gets
    end_process(hung)
    demo_host.control("hang", "off")
    demo_host.control("missing", "on")
    with pytest.raises(ProgramMissingError):
        demo_host.run(["xl", "list"], deadline=180)
    demo_host.control("missing", "off")
    demo_host.control("missing", "on", "xl")
    assert demo_host.run(["xm", "domid", "server01"], deadline=180).stdout == "2\n"
    demo_host.control("missing", "off")
    demo_host.control("fail", "on")
    with pytest.raises(CommandError) as failed:
        demo_host.run(["xl", "pause", "server01"], deadline=180)
    assert len(failed.value.details.splitlines()) == 3
    demo_host.control("fail", "off")
    demo_host.control("zombie", "server01")
    assert any(line.startswith("(null) ") for line in xl(demo_host, "list").stdout.splitlines())
    demo_host.control("hide", "client01")
    assert names(demo_host) == ["Domain-0"]
    demo_host.control("kill", "client01")
    until(lambda: xl(demo_host, "domid", "client01").status == 1)
    with pytest.raises(HostError):
        demo_host.control("kill", "nobody")


def test_a_thousand_domains_with_any_names(demo_host: DemoHost) -> None:
    demo_host.control("make", "1000")
    found = names(demo_host)
    assert len(found) == 1003
    odd = found[3:19]
    assert "new\nline" in odd
    for name in odd:
        if not name.startswith("-"):
            domid = xl(demo_host, "domid", name).stdout.strip()
            assert xl(demo_host, "domname", domid).stdout == f"{name}\n"
    demo_host.control("unmake")
    assert len(names(demo_host)) == 3


# Its own life


def test_killed_with_its_xentui(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import time; from xentui.demo.host import DemoHost; h = DemoHost(); h.open();"
        "print(h.layout.directory, h._daemon.pid, flush=True); time.sleep(600)"
    )
    monkeypatch.delenv("XENTUI_DEMO_DIR", raising=False)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    directory, pid = process.stdout.readline().split()
    process.kill()
    process.communicate()
    until(lambda: not Path(directory).exists(), "the end of the demo's directory")
    until(lambda: not _lives(int(pid)), "the end of the daemon")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_stays_behind(demo_host: DemoHost, until: Until) -> None:
    directory = demo_host.layout.directory
    assert demo_host._daemon is not None
    pid = demo_host._daemon.pid
    hanging = subprocess.Popen(demo_host.argv(["xentop", "-b"]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    demo_host.close()
    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert hanging.wait(10) != 0
    with pytest.raises(HostError):
        demo_host.path("/etc/xen")


def test_kept_in_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: Until) -> None:
    monkeypatch.setenv("XENTUI_DEMO_SPEED", "inf")
    place = tmp_path / ("long " * 30) / "demo"  # longer than a socket's path may be, and with blanks
    first = DemoHost(str(place))
    first.open()
    xl(first, "create", "/etc/xen/server02.cfg")
    xl(first, "pause", "server02")
    first.path("/etc/xen/mine.cfg").write_text("name='mine'\nmemory=16\n")
    # Somebody in the demo's shell opens xentui, and stays when the first one leaves.
    monkeypatch.setenv("XENTUI_DEMO_DIR", str(place))
    second = DemoHost()
    second.open()
    assert second.layout.directory == place
    first.close()
    assert "server02" in names(second)
    second.close()
    until(lambda: not (place / "socket").exists(), "the end of the daemon")
    monkeypatch.delenv("XENTUI_DEMO_DIR")
    third = DemoHost(str(place))
    third.open()
    try:
        assert xl(third, "list", "server02").stdout.split()[-2] == "--p---"
        assert xl(third, "create", "/etc/xen/mine.cfg").ok
    finally:
        third.close()


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    host = DemoHost(str(tmp_path / "demo"))
    host.open()
    host.close()
    (tmp_path / "demo/state.json").write_text('{"format": 1}')
    with pytest.raises(HostError, match="not a state of this demo"):
        host.open()


def test_a_folder_with_something_else_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(HostError, match="is not empty and no demo"):
        DemoHost(str(tmp_path)).open()
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
