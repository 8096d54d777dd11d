"""A configuration file is written whole or not at all, and what stood there is kept."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from xentui.config_files import (
    LONGEST,
    ConfigFileError,
    backup_of,
    put_aside,
    put_config,
    read_config,
    save_config,
)
from xentui.host import Host, HostError
from xentui.subprocesses import CommandRecord


class Folder(Host):
    """A host whose files stand below a folder; a remote one takes the way that ssh would."""

    def __init__(self, root: Path, *, remote: bool = False) -> None:
        super().__init__()
        self.root, self.is_remote = root, remote
        (root / "etc/xen/auto").mkdir(parents=True)

    def path(self, path: str) -> Path:
        if self.is_remote:
            raise HostError("not here")
        return self.root / path.lstrip("/")

    def run(self, argv: Sequence[str], **more: object) -> CommandRecord:
        placed = [f"{self.root}{word}" if word.startswith("/etc/xen") else word for word in argv]
        done = super().run(placed, **more)  # type: ignore[arg-type]
        return CommandRecord(
            done.argv, done.started, done.seconds, done.status, done.stdout.replace(f"{self.root}", "", 1), done.stderr
        )


@pytest.fixture(params=[False, True], ids=["local", "remote"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path, remote=request.param)


ODD = "name = 'x' # \udcff \x1b[31m\r\nmemory = 1"


def put(host: Folder, text: str, path: str = "etc/xen/x y.cfg") -> Path:
    file = host.root / path
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return file


def test_what_is_saved_is_there_and_what_was_there_is_kept(host: Folder) -> None:
    file = put(host, ODD)
    file.chmod(0o640)
    real, text = read_config(host, "/etc/xen/x y.cfg")
    assert (real, text) == ("/etc/xen/x y.cfg", ODD)
    assert save_config(host, "/etc/xen/x y.cfg", ODD + "2\n", ODD) == "/etc/xen/x y.cfg~"
    assert file.read_bytes() == (ODD + "2\n").encode("utf-8", "surrogateescape")
    assert (host.root / "etc/xen/x y.cfg~").read_bytes() == ODD.encode("utf-8", "surrogateescape")
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in file.parent.iterdir()) == ["auto", "x y.cfg", "x y.cfg~"]


def test_a_link_stays_a_link_and_its_file_is_written(host: Folder) -> None:
    file = put(host, "memory = 1\n")
    link = host.root / "etc/xen/auto/x.cfg"
    link.symlink_to("../x y.cfg")
    assert read_config(host, "/etc/xen/auto/x.cfg")[0] == "/etc/xen/x y.cfg"
    save_config(host, "/etc/xen/auto/x.cfg", "memory = 2\n", "memory = 1\n")
    assert link.is_symlink()
    assert file.read_text() == "memory = 2\n"
    assert sorted(p.name for p in link.parent.iterdir()) == [
        "x.cfg"
    ]  # all that is there would be started with the host


def test_no_backup_stands_where_the_host_starts_guests() -> None:
    assert backup_of("/etc/xen/auto/x.cfg") == "/etc/xen/x.cfg~"
    assert backup_of("/root/x.cfg") == "/root/x.cfg~"


def test_somebody_elses_change_is_not_written_over(host: Folder) -> None:
    file = put(host, "memory = 3\n")
    with pytest.raises(ConfigFileError, match="changed by somebody else"):
        save_config(host, "/etc/xen/x y.cfg", "memory = 2\n", "memory = 1\n")
    assert file.read_text() == "memory = 3\n"


def test_what_cannot_be_read_is_said(host: Folder) -> None:
    with pytest.raises(ConfigFileError):
        read_config(host, "/etc/xen/none.cfg")
    put(host, "#" * (LONGEST + 1))
    with pytest.raises(ConfigFileError, match="128 KiB"):
        read_config(host, "/etc/xen/x y.cfg")


def test_a_new_file_is_written_and_never_over_another(host: Folder) -> None:
    put_config(host, "/etc/xen/more/x y.cfg", ODD)
    file = host.root / "etc/xen/more/x y.cfg"
    assert file.read_bytes() == ODD.encode("utf-8", "surrogateescape") and file.stat().st_mode & 0o777 == 0o644
    with pytest.raises(ConfigFileError):
        put_config(host, "/etc/xen/more/x y.cfg", "memory = 2\n")
    assert read_config(host, "/etc/xen/more/x y.cfg")[1] == ODD
    assert [entry.name for entry in file.parent.iterdir()] == ["x y.cfg"]


def test_a_file_is_put_aside_and_no_other_is_lost(host: Folder) -> None:
    for text, aside in (("1\n", ".gone"), ("2\n", ".gone.2"), ("1\n", ".gone")):
        put(host, text)
        assert put_aside(host, "/etc/xen/x y.cfg", ".gone") == f"/etc/xen/x y.cfg{aside}"
    assert sorted(p.name for p in (host.root / "etc/xen").iterdir()) == ["auto", "x y.cfg.gone", "x y.cfg.gone.2"]
    put(host, "3\n", "etc/xen/auto/own.cfg")  # nothing stays in the folder that is started with the host
    assert put_aside(host, "/etc/xen/auto/own.cfg", ".gone") == "/etc/xen/own.cfg.gone"


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that fails half way: the write to the new file does not succeed."""
    host = Folder(tmp_path, remote=True)
    file = put(host, "memory = 1\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "cat").write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
    (tools / "cat").chmod(0o755)
    host.runner.environment["PATH"] = f"{tools}:{os.environ['PATH']}"
    assert subprocess.run([tools / "cat"], check=False, capture_output=True).returncode == 1
    with pytest.raises(ConfigFileError, match="not saved"):
        save_config(host, "/etc/xen/x y.cfg", "memory = 2\n", "memory = 1\n")
    assert file.read_text() == "memory = 1\n"
    assert sorted(p.name for p in file.parent.iterdir()) == ["auto", "x y.cfg", "x y.cfg~"]
