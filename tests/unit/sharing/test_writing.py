"""Whose turn it is to write."""

from __future__ import annotations

from xentui.console.sharing.writing import ANSWER, IDLE, REFUSED, Writing


def typing() -> Writing:
    writing = Writing(holder_writes=True)
    writing.typed(100)
    return writing


def test_an_idle_writer_is_not_asked() -> None:
    writing = typing()
    assert writing.ask(1, 100 + IDLE + 1, trusted=True) == ""
    assert writing.writer == 1


def test_no_answer_is_yes_for_who_could_take_it_anyway() -> None:
    writing = typing()
    assert "yours in 10" in writing.ask(1, 101, trusted=True)
    assert not writing.tick(101 + ANSWER - 0.1)
    assert writing.writer == 0
    assert writing.tick(101 + ANSWER)
    assert (writing.writer, writing.request) == (1, None)


def test_no_answer_is_no_for_a_member_of_the_group() -> None:
    writing = typing()
    assert "may give" in writing.ask(1, 100 + IDLE + 1, trusted=False)
    assert writing.tick(200 + ANSWER)
    assert (writing.writer, writing.request) == (0, None)
    assert "may give" in writing.ask(1, 300, trusted=False)
    assert writing.give(0, 301)
    assert writing.writer == 1


def test_a_no_holds_for_a_while() -> None:
    writing = typing()
    writing.ask(1, 101, trusted=True)
    assert not writing.keep(1, 102), "it is not theirs to refuse"
    assert writing.keep(0, 102)
    assert "ask again" in writing.ask(1, 103, trusted=True)
    assert "yours in" in writing.ask(2, 103, trusted=True)
    assert writing.keep(0, 104)
    assert "yours in" in writing.ask(1, 102 + REFUSED, trusted=True)


def test_one_asks_at_a_time() -> None:
    writing = typing()
    writing.ask(1, 101, trusted=True)
    assert "somebody else" in writing.ask(2, 102, trusted=True)
    assert writing.ask(1, 103, trusted=True) == ""
    writing.gone(1, 104)
    assert writing.request is None


def test_the_writer_leaves() -> None:
    writing = typing()
    writing.ask(1, 101, trusted=True)
    writing.give(0, 102)
    writing.ask(2, 103, trusted=True)
    writing.gone(1, 104)
    assert writing.writer == 2, "who asks gets it"
    writing.gone(2, 105)
    assert writing.writer == 0, "or the holder"


def test_without_a_keyboard_nobody_writes_until_one_asks() -> None:
    writing = Writing(holder_writes=False)
    assert writing.writer is None
    assert writing.ask(3, 1, trusted=False) == ""
    assert writing.writer == 3
    assert not writing.give(4, 2)
    assert writing.give(3, 2)
    assert writing.writer is None
