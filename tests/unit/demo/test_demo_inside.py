"""Being inside the demo dom0: everybody sees one file system; and where that cannot be, at least its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from xentui.demo.host import DemoHost


def inside(host: DemoHost, *argv: str) -> str:
    return host.runner.run(host.inside_argv(argv), deadline=180, record=False).stdout


def test_what_one_writes_another_reads_and_the_machine_does_not(demo_host: DemoHost) -> None:
    if not demo_host.inside_argv(["true"])[1:]:
        pytest.skip("this machine lets no one make namespaces")
    assert "server01.cfg" in inside(demo_host, "ls", "/etc/xen")
    inside(demo_host, "sh", "-c", "echo one >/srv/xentui-test-of-inside")
    assert inside(demo_host, "cat", "/srv/xentui-test-of-inside") == "one\n"
    assert not Path("/srv/xentui-test-of-inside").exists()
    assert "Domain-0" in inside(demo_host, "xl", "list")


def test_a_xentui_that_is_started_inside_is_inside_already(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XENTUI_DEMO_INSIDE", str(demo_host.layout.directory))
    assert demo_host.inside_argv(["ls", "/etc/xen"]) == ["ls", "/etc/xen"]


def test_without_namespaces_paths_are_mapped(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    argv = demo_host.inside_argv(["test", "-f", "/etc/xen/server01.cfg", "/etc/passwd", "-x"])
    assert argv == ["test", "-f", str(demo_host.layout.root / "etc/xen/server01.cfg"), "/etc/passwd", "-x"]
    assert "server01" in inside(demo_host, "cat", "/etc/xen/server01.cfg")
    assert demo_host.shell_argv() == [str(demo_host.layout.lib / "demo-shell")]
