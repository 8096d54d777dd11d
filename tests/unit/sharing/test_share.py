"""A console that one holds and others watch: what they see, whose turn it is, and who gets in."""

from __future__ import annotations

import errno
import math
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from shared_console import FolderHost, Holder, Watcher

from xentui.console.sharing import share
from xentui.console.sharing.company import company_for
from xentui.console.sharing.place import Place, PlaceError
from xentui.console.sharing.protocol import frame, json_frame
from xentui.host import LibvirtHost

Join = Callable[..., Watcher]


def test_who_typed_before_the_console_was_served_is_asked_for_the_writing(tmp_path: Path) -> None:
    company = company_for(FolderHost(tmp_path), "server01", True)
    assert company is not None
    company.typed()
    served = company.serve(Holder(tmp_path / "other"), True)
    assert served is not None
    assert served.writing.ask(1, time.monotonic(), trusted=True).startswith("asked;")
    company.end("the test ends")


def test_who_joins_sees_the_screen_and_what_comes(holder: Holder, join: Join) -> None:
    holder.prints(b"\x1b[31mearly\x1b[m\r\n\x1b[5;10Hhere\x1b[3")
    watcher = join()
    assert watcher.rows == holder.rows
    holder.prints(b"2mgreen")  # the end of a sequence that began before
    holder.until(lambda: watcher.sees("heregreen"))
    assert [watcher.emulator.runs(row) for row in range(24)] == [holder.emulator.runs(row) for row in range(24)]


def test_who_joins_gets_the_scrollback_bounded(holder: Holder, join: Join) -> None:
    holder.prints(b"".join(b"line %d\r\n" % number for number in range(5000)))
    watcher = join(10_000)
    holder.until(lambda: watcher.sees("line 4999"))
    assert watcher.sees("line 3000 ".strip())
    assert share.SCROLLBACK - 24 <= watcher.emulator.scrollback_size <= share.SCROLLBACK + 24
    assert not watcher.sees("line 2000\n")
    without = join(0)
    assert without.emulator.scrollback_size == 0
    assert without.rows == holder.rows


def test_everyone_sees_who_watches_and_who_writes(holder: Holder, join: Join) -> None:
    first, second = join(), join()
    holder.until(lambda: first.reads() and second.reads() and len(first.joined.people) == 3)
    assert [person.you for person in first.joined.people] == [False, True, False]
    assert [person.you for person in second.joined.people] == [False, False, True]
    for people in (holder.share.people, first.joined.people, second.joined.people):
        assert [person.writes for person in people] == [True, False, False]
        assert {person.pid for person in people} == {os.getpid()}
    assert any("watches" in sentence for sentence in holder.said)
    second.joined.close()
    holder.until(lambda: first.reads() and len(first.joined.people) == 2)
    assert any("has left" in sentence for sentence in holder.said)


def test_a_watcher_cannot_type_until_it_has_the_writing(holder: Holder, join: Join) -> None:
    watcher = join()
    assert not watcher.joined.writes
    assert not watcher.joined.send(b"rm -rf /\r")
    holder.share.typed()
    watcher.joined.ask()
    holder.until(lambda: watcher.reads() and any("asked" in sentence for sentence in watcher.said))
    assert holder.share.holder_writes
    assert any("asks for the writing" in sentence for sentence in holder.said)
    assert holder.share.give()
    holder.until(lambda: watcher.reads() and watcher.joined.writes)
    assert not holder.share.holder_writes
    assert watcher.joined.send(b"ls\r")
    holder.until(lambda: holder.typed)
    assert holder.typed == [b"ls\r"]
    # And back.
    assert watcher.joined.give()
    holder.until(lambda: watcher.reads() and holder.share.holder_writes and not watcher.joined.writes)


def test_the_writer_may_keep_it(holder: Holder, join: Join) -> None:
    watcher = join()
    holder.share.typed()
    watcher.joined.ask()
    holder.until(lambda: any(person.asks for person in holder.share.people))
    assert holder.share.keep()
    holder.until(lambda: watcher.reads() and "the writer keeps the writing" in watcher.said)
    assert holder.share.holder_writes


def test_what_is_asked_and_kept_at_once_is_not_left_standing_on_the_holders_screen(holder: Holder, join: Join) -> None:
    watcher = join()
    holder.share.typed()
    holder.share._tell_at = 0.0
    holder.share.turn()
    shown: list[bool] = []
    holder.share._changed = lambda: shown.append(any(person.asks for person in holder.share.people))
    holder.share._tell_at = math.inf  # all have been told something this very moment
    watcher.joined.ask()
    holder.until(lambda: any(person.asks for person in holder.share.people))
    assert holder.share.keep()
    assert shown == [False]


def test_between_watchers(holder: Holder, join: Join) -> None:
    first, second = join(), join()
    first.joined.ask()  # nobody has typed for long: at once
    holder.until(lambda: first.reads() and first.joined.writes)
    first.joined.send(b"a")
    second.joined.ask()
    holder.until(lambda: first.reads() and any(person.asks for person in first.joined.people))
    assert first.joined.keep()
    holder.until(lambda: second.reads() and "the writer keeps the writing" in second.said)
    second.joined.ask()
    holder.until(lambda: second.reads() and any("ask again" in sentence for sentence in second.said))
    first.joined.close()  # who writes has left
    holder.until(lambda: holder.share.holder_writes)


def test_a_paste_goes_whole_and_in_order(holder: Holder, join: Join) -> None:
    watcher = join()
    watcher.joined.ask()
    holder.until(lambda: watcher.reads() and watcher.joined.writes)
    paste = b"".join(b"%06d" % number for number in range(30_000))
    assert watcher.joined.send(paste)
    assert not watcher.joined.send(b"x" * 300_000), "more than may wait is refused whole"
    holder.until(lambda: watcher.reads() and len(b"".join(holder.typed)) == len(paste))
    assert b"".join(holder.typed) == paste


def test_the_writers_size_is_everybodys(holder: Holder, join: Join) -> None:
    first, second = join(), join()
    assert not first.joined.send_size(100, 30)
    first.joined.ask()
    holder.until(lambda: first.reads() and first.joined.writes)
    assert first.joined.send_size(100, 30)
    holder.until(lambda: second.reads() and second.emulator.columns == 100)
    assert (holder.emulator.columns, holder.emulator.rows, second.emulator.rows) == (100, 30, 30)


def test_the_holders_sentence_and_its_end_are_told(holder: Holder, join: Join) -> None:
    watcher = join()
    holder.sentence = "server01 has gone\x1b]0;x\x07"
    holder.until(lambda: watcher.reads() and watcher.joined.sentence)
    assert watcher.joined.sentence == "server01 has gone\\x1b]0;x\\x07"
    holder.share.close("it was left")
    assert watcher.reads()
    assert watcher.joined.ended
    assert watcher.joined.last_words == "it was left"
    assert not holder.place.is_served()


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_only_the_owner_gets_in_or_a_group(tmp_path: Path, strict_umask: None) -> None:
    for group, mode, folder_mode in ((None, 0o600, 0o700), (_own_group(), 0o660, 0o755)):
        holder = Holder(tmp_path, group=group)
        (socket,) = tmp_path.glob("run/xentui/*")
        assert stat.S_IMODE(socket.stat().st_mode) == mode
        assert stat.S_IMODE(socket.parent.stat().st_mode) == folder_mode
        holder.share.close("")
        assert not socket.exists()
    with pytest.raises(PlaceError, match="no group 'nobody-has-this'"):
        Holder(tmp_path, group="nobody-has-this")


def _own_group() -> str:
    import grp

    return grp.getgrgid(os.getegid()).gr_name


def test_a_folder_where_others_may_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "run/xentui"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(PlaceError, match="others may write in"):
        Holder(tmp_path)


def test_one_shares_and_a_killed_ones_socket_is_replaced(tmp_path: Path) -> None:
    first = Holder(tmp_path)
    with pytest.raises(PlaceError, match="shares this console already"):
        Holder(tmp_path)
    first.share._listener.close()  # as when it is killed: the name stays
    first.share._selector.close()
    second = Holder(tmp_path)
    first.place.withdraw()  # which must not take the other's away
    assert second.place.is_served()
    second.share.close("")


@pytest.mark.parametrize("name", ["a b/../c", "x" * 300, "ü\udcff", "."])
def test_any_name_has_a_place(tmp_path: Path, name: str) -> None:
    place = Place(FolderHost(tmp_path / ("long" * 40)), name)
    listener = place.listen()
    assert place.is_served()
    assert len(list((tmp_path / ("long" * 40) / "run/xentui").iterdir())) == 1
    place.withdraw()
    listener.close()


def test_who_is_told_that_it_is_theirs_can_type_at_once(holder: Holder, join: Join) -> None:
    watcher = join()
    watcher.joined.ask()
    told: list[bool] = []
    watcher.joined._say = lambda sentence: told.append(watcher.joined.send(b"x"))
    holder.until(lambda: watcher.reads() and told)
    assert told == [True]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
@pytest.mark.parametrize(
    ("shared", "groups", "gets_in"), [(True, [4243], True), (True, [], False), (False, [4243], False)]
)
def test_another_user_gets_in_by_the_group_alone(
    monkeypatch: pytest.MonkeyPatch, shared: bool, groups: list[int], gets_in: bool
) -> None:
    """A process of nobody's, with and without the group, at a console of root's: what the kernel says counts."""
    monkeypatch.setattr(Place, "_group_id", lambda self: 4243 if shared else None)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        holder = Holder(Path(folder))
        pid = os.fork()
        if pid == 0:
            _as_nobody(str(holder.place.folder / "server01.console"), groups)
        if gets_in:
            holder.share.typed()
            holder.until(lambda: any("asks for the writing" in sentence for sentence in holder.said))
            (watcher,) = holder.share.people[1:]
            assert "nobody" in watcher.user
            assert watcher.pid == pid
            assert holder.share.writing.request is not None
            assert not holder.share.writing.request.trusted
            holder.share.close("")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == (0 if gets_in else errno.EACCES)
        if not gets_in:
            holder.share.close("")


def _as_nobody(path: str, groups: list[int]) -> NoReturn:
    """Join as another user would, until the holder leaves; ends the process."""
    try:
        os.setgroups(groups)
        os.setgid(65534)
        os.setuid(65534)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(path)
            connection.send(json_frame(b"h", {"version": 1}) + frame(b"a"))
            while connection.recv(4096):
                pass
        os._exit(0)
    except OSError as error:
        os._exit(error.errno or 1)
    finally:
        os._exit(1)


def test_who_may_share(tmp_path: Path) -> None:
    assert company_for(FolderHost(tmp_path), "server01", False) is None
    assert company_for(FolderHost(tmp_path), "server01", True) is not None
    assert company_for(LibvirtHost("test:///default"), "server01", True) is None
