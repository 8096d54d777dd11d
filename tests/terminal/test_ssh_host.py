"""A dom0 behind ssh: a real sshd on this machine's loopback, with the demo's tools on its PATH."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from programs import DEADLINE, ended

from xentui.config_files import ConfigFileError, read_config, save_config
from xentui.config_host import check_on_host, look
from xentui.console import client
from xentui.console.client import Leave
from xentui.console.session import ConsoleSession, State
from xentui.demo.host import DemoHost
from xentui.host import HostError, SshHost, choose_host
from xentui.subprocesses import CommandError, DeadlineError
from xentui.waiting import wait_until
from xentui.walkthroughs.classroom import learners, share
from xentui.walkthroughs.parse import parse
from xentui.walkthroughs.progress import Progress
from xentui.walkthroughs.selftest import SelfTest
from xentui.walkthroughs.table import table


@contextmanager
def port_of_our_own() -> Iterator[int]:
    """A free port, which only sshd gets as long as this lasts: it asks for the address anew, as others do not."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoHost]:
    host = DemoHost()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XENTUI_DEMO_SPEED", "inf")
        host.open()
    yield host
    host.close()


@pytest.fixture(scope="module")
def ssh_config(demo: DemoHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An sshd of our own; gives the client's configuration that reaches it."""
    folder = tmp_path_factory.mktemp("sshd")
    for key in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True, timeout=DEADLINE
        )
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    with port_of_our_own() as port:
        server = begin_sshd(folder, port, demo.environment())
        log = folder / "log"

        def listens() -> bool:
            assert server.poll() is None, log.read_text()
            return log.exists() and "listening" in log.read_text()

        try:
            assert wait_until(listens, DEADLINE, every=0.02), log.read_text()
            yield folder / "ssh_config"
        finally:
            server.terminate()
            server.wait(DEADLINE)


def begin_sshd(folder: Path, port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Write what sshd and ssh are to read, and start the one."""
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n"
        f"SetEnv PATH={environment['PATH']} XENTUI_DEMO_DIR={environment['XENTUI_DEMO_DIR']}\n"
    )
    (folder / "ssh_config").write_text(
        f"Host *\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {folder}/user_key\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known_hosts\n  StrictHostKeyChecking accept-new\n  BatchMode yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd of root locks itself up
    sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert sshd is not None
    return subprocess.Popen([sshd, "-D", "-f", folder / "sshd_config", "-E", folder / "log"])


@pytest.fixture
def host(ssh_config: Path) -> Iterator[SshHost]:
    host = SshHost("127.0.0.1", options=("-F", str(ssh_config)))
    host.open()
    yield host
    host.close()


def test_programs_run_there_with_their_words_whole(host: SshHost) -> None:
    words = ["printf", "%s|", "a b", "'q'", '"$HOME"', "*", ";id", "new\nline", "-n", ""]
    assert host.run(words, deadline=DEADLINE).stdout == "".join(f"{word}|" for word in words[2:])
    assert [record.argv for record in host.log] == [tuple(words)]


def test_the_toolstack_answers_through_one_connection(host: SshHost) -> None:
    connections = [host.run(["sh", "-c", "echo $SSH_CONNECTION"], deadline=DEADLINE).stdout for _ in range(2)]
    assert connections[0] == connections[1] != "\n"
    assert "server01" in host.run(["xl", "list"], deadline=DEADLINE).stdout


def test_failures_come_through(host: SshHost) -> None:
    with pytest.raises(CommandError) as failure:
        host.run(["xl", "pause", "nobody"], deadline=DEADLINE)
    assert "nobody" in failure.value.details
    with pytest.raises(DeadlineError):
        host.run(["sleep", "600"], deadline=1)


def test_files_are_read_and_scanned(host: SshHost, tmp_path: Path) -> None:
    folder = tmp_path / "it's a [folder]"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.cfg").write_bytes(b"name = '\xff'\n" * 3)
    (folder / "auto").symlink_to(folder / "a.cfg")
    found = {Path(file.path).name: file for file in host.scan(str(folder))}
    assert set(found) == {"a.cfg", "auto"}
    assert found["a.cfg"].size == 33
    assert found["auto"].link == str(folder / "a.cfg")
    assert host.read(str(folder / "a.cfg")) == b"name = '\xff'\n" * 3
    assert host.read(str(folder / "a.cfg"), 4, tail=True) == b"'\xff'\n"
    assert host.scan("/no/such/folder") == []
    with pytest.raises(HostError, match="No such file"):
        host.read("/no/such/file")


def test_a_console_is_reached_and_left(host: SshHost) -> None:
    program, *words = host.terminal_argv(["xl", "console", "server01"])
    child = pexpect.spawn(program, words, env=dict(host.environment()), timeout=DEADLINE)
    child.expect("login:")
    child.send("\x1d")  # alone: with anything before it, it would be the guest's
    ended(child)
    assert "server01" in host.run(["xl", "list"], deadline=DEADLINE).stdout


def test_what_a_killed_run_left_is_swept_away(ssh_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = Path(tempfile.mkdtemp())  # pytest's own is too long for a socket
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    old, busy, young = (temporary / f"xentui-{'0' * 11}{digit}" for digit in "123")
    for folder in (old, busy, young):
        folder.mkdir()
    (busy / "ssh").touch()
    for folder in (old, busy):
        os.utime(folder, (0, 0))
    host = SshHost("127.0.0.1", options=("-F", str(ssh_config)))
    host.open()
    host.close()
    assert sorted(temporary.iterdir()) == [busy, young]
    shutil.rmtree(temporary)


def test_no_connection_is_one_sentence(ssh_config: Path) -> None:
    closed = SshHost("ssh://127.0.0.1:1", options=("-F", str(ssh_config), "-p", "1"))
    with pytest.raises(HostError, match="no connection"):
        closed.open()


@pytest.mark.parametrize("target", ["-oProxyCommand=id", "", "a b"])
def test_targets_that_are_no_host_are_refused(target: str) -> None:
    with pytest.raises(HostError, match="--host"):
        choose_host(target, demo=False)


def test_python_is_not_needed_there() -> None:
    assert sys.executable not in " ".join(SshHost("other").argv(["xl", "list"]))


def test_a_console_session_over_ssh_leaves_by_the_escape(
    host: SshHost, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ESCAPE_SECONDS", 10.0)  # a loaded machine must not make it SIGTERM
    listed = host.run(["xl", "list", "client01"], deadline=DEADLINE).stdout.splitlines()[-1].split()
    session = ConsoleSession(host, "client01", lambda: ["xl", "console", listed[1]])
    session.attach()
    assert session.state is State.ATTACHED

    def shows(words: str) -> None:
        def shown() -> bool:
            session.write_ready()
            assert session.read_ready(), session.emulator.display()
            return any(words in row for row in session.emulator.display())

        until(shown, f"{words!r} on the console")

    shows("login:")
    for number in range(50):  # what was typed just before is a network away when the escape comes
        assert session.send(b"%d." % number)
    assert session.detach() is Leave.ESCAPE
    session.feed_late()
    assert "48.49." in "".join(session.emulator.display()), "what was typed came before the escape"
    session.attach()
    assert session.state is State.ATTACHED
    assert session.detach() is Leave.ESCAPE


def test_a_walkthrough_and_a_class_over_ssh(host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.domains.xl.READ_DEADLINE", DEADLINE)  # a loaded machine has no dom0 that hangs
    text = (
        '---\nformat: 1\nid: far\ntitle: Far away\nneeds: xl program:bash\nask: guest = client02 "Which?"\n---\n'
        "## Start\n```run\nxl create /etc/xen/{guest}.cfg\n```\n"
        "```check\ndomain {guest} is running | No.\nstill folder /etc exists | No.\n"
        "console {guest} waits at /login:$/ in 30s | No.\n```\n```undo\nxl destroy {guest}\n```\n"
    )
    result = SelfTest(host, parse(text, "far.md").walkthrough, {"guest": "client02"}).run()
    assert result.ok and not result.skipped, "\n".join(table(result))
    monkeypatch.setenv("XENTUI_CLASS", str(tmp_path))
    with pytest.raises(HostError, match="no class"):
        learners(host, str(tmp_path / "none"))
    share(Progress("far", "demo", "ada", number=1, steps=1))
    assert [learner.name for learner in learners(host)] == ["ada"]


def test_a_configuration_is_written_there(host: SshHost, tmp_path: Path) -> None:
    """Through the shell at the other end, with every byte and a name that a shell would take apart."""
    file = tmp_path / "it's $(a) guest.cfg"
    text = "name = 'x' # \udcff\r\nmemory = 1"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_config(host, str(file)) == (str(file), text)
    assert save_config(host, str(file), text + "28\n", text) == f"{file}~"
    assert file.read_bytes() == (text + "28\n").encode("utf-8", "surrogateescape")
    assert Path(f"{file}~").read_bytes() == text.encode("utf-8", "surrogateescape")
    with pytest.raises(ConfigFileError, match="changed by somebody else"):
        save_config(host, str(file), "", text)
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, f"{file.name}~"]


def test_what_a_configuration_names_is_looked_for_there(host: SshHost, tmp_path: Path) -> None:
    image = tmp_path / "it's.img"
    image.touch()
    text = f'name="x"\ntype="pv"\nkernel="{image}"\ndisk=["{image}2,raw,xvda,w"]\nvif=["bridge=no$(br)"]\n'
    found = check_on_host(text, look(host, text, "", None))
    assert [(finding.line, finding.code) for finding in found] == [(4, "missing-file"), (5, "missing-bridge")]
