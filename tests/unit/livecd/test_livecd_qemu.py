"""QEMU's command line."""

from __future__ import annotations

from pathlib import Path

from xentui.livecd.qemu import CPU_PVH, Machine


def value(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def test_the_guides_machine() -> None:
    argv = Machine(Path("live.iso")).argv()
    assert value(argv, "-m") == "960"
    assert value(argv, "-smp") == "1"
    assert value(argv, "-cpu") == "Nehalem,+svm,+npt"
    assert "accel=tcg" in value(argv, "-machine")


def test_the_test_line_passes_every_byte() -> None:
    argv = Machine(Path("live.iso")).argv()
    assert value(argv, "-chardev") == "stdio,id=serial,mux=off,signal=off"
    assert "-mon" not in argv
    assert "mux=on" in value(Machine(Path("live.iso")).argv(monitor_keys=True), "-chardev")


def test_ssh_is_forwarded_on_this_machine_only() -> None:
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in value(Machine(Path("a"), ssh_port=2222).argv(), "-netdev")
    assert "hostfwd" not in value(Machine(Path("a")).argv(), "-netdev")


def test_a_comma_in_the_file_name_is_no_option() -> None:
    assert "file=a,,b.iso," in value(Machine(Path("a,b.iso"), cpu=CPU_PVH).argv(), "-drive")
