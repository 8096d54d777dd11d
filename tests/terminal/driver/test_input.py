"""Whatever comes in, nothing raises, and what is no key presses none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.screens.terminal.input import InputParser, Token


def tokens(*pieces: bytes, utf8: bool = True, timeout: bool = True) -> list[Token]:
    parser = InputParser(utf8=utf8)
    got = [token for piece in pieces for token in parser.feed(piece)]
    return got + list(parser.timeout()) if timeout else got


def keys(*pieces: bytes, utf8: bool = True) -> list[str]:
    return [token.text for token in tokens(*pieces, utf8=utf8) if token.kind == "key"]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"\x1bOP", "\x1bOP"),
        (b"\x1b[[A", "\x1bOP"),
        (b"\x1b[11~", "\x1bOP"),
        (b"\x1b1", "\x1bOP"),
        (b"\x1b[14~", "\x1bOS"),
        (b"\x1b[[E", "\x1b[15~"),
        (b"\x1b5", "\x1b[15~"),
        (b"\x1b0", "\x1b[21~"),
        (b"\x1b[21~", "\x1b[21~"),
        (b"\x7f", "\x7f"),
        (b"\x08", "\x7f"),
        (b"\x1b", "\x1b"),
        (b"\x1bx", "\x1bx"),
        ("é".encode(), "é"),
        ("仮".encode(), "仮"),
    ],
)
def test_keys_in_all_their_encodings(sent: bytes, meant: str) -> None:
    assert keys(sent) == [meant]
    assert keys(*(bytes([byte]) for byte in sent)) == [meant]  # and byte by byte, as a slow line brings them


def test_eight_bit_terminals() -> None:
    assert keys(b"\xe9", utf8=False) == ["é"]
    assert keys(b"\x9b11~\x8fP", utf8=False) == ["\x1bOP", "\x1bOP"]


def test_noise_presses_nothing() -> None:
    assert keys(b"\xff") == []
    assert keys(b"\xff\xfe\x00\x80\xc0") == []
    assert keys(b"q\xe9", b"\xffq") == ["q", "q"]
    assert keys(b"\x00\x00") == []
    assert keys(b"\x1b[\x00", b"\x1b[\x08") == ["\x7f"]  # behind a sequence that was cut, too


@pytest.mark.parametrize(
    "cut", [b"\x1b[", b"\x1bO", b"\x1b[1", b"\x1b[21", b"\x1b[1;5", b"\x1b[[", b"\x1b[M!", b"\xe4\xbb"]
)
def test_a_cut_sequence_presses_nothing(cut: bytes) -> None:
    assert keys(cut) == []
    assert keys(cut + b"\x1b[A")[-1:] == ["\x1b[A"]
    assert "q" not in keys(cut + b"\x18") + keys(cut + b"\x07")


def test_an_endless_sequence_ends() -> None:
    assert keys(b"\x1b[" + b"1;" * 500 + b"q")[:-1] == []
    assert len(keys(b"\x1b[" + b"1;" * 500 + b"qq")) == 2  # one unknown sequence, one key


def test_a_string_nobody_asked_for_types_nothing() -> None:
    assert keys(b"\x1b]11;rgb:0000/0000/0000\x07", b"\x1bP1$r0m\x1b\\", b"\x1b_" + b"q" * 500 + b"\x1b\\", b"q") == [
        "q"
    ]
    assert keys(b"\x1b]11;rgb:00") == []
    assert keys(b"\x1bP") == ["\x1bP"]  # Alt+Shift+P


def test_a_bracketed_paste_is_one_paste_however_it_is_cut() -> None:
    text = "line one\r\nzwei é\t\x1b[2J\x07drei\r" * 2000
    data = b"\x1b[200~" + text.encode() + b"\x1b[201~q"
    cut = [data[at : at + 997] for at in range(0, len(data), 997)]
    got = tokens(*cut)
    assert [token.kind for token in got] == ["paste", "key"]
    assert got[0].text == "line one\nzwei é\tdrei\n" * 2000
    assert got[1].text == "q"


def test_a_paste_whose_end_was_lost_ends_all_the_same() -> None:
    parser = InputParser(utf8=True)
    assert list(parser.feed(b"\x1b[200~rm -rf")) == []
    assert parser.waiting
    assert list(parser.timeout()) == [Token("paste", "rm -rf")]
    assert list(parser.feed(b"q")) == [Token("key", "q")]


def test_what_nobody_can_type_is_a_paste() -> None:
    """A terminal without bracketed paste sends 64 kB as if they were typed."""
    text = b"d\rD\rq" * 13107
    got = tokens(*(text[at : at + 4096] for at in range(0, len(text), 4096)))
    assert {token.kind for token in got} == {"paste"}


def test_the_end_of_a_long_paste_may_come_late() -> None:
    """A loaded machine delivers it with pauses; what is pressed after it are keys again."""
    now = 0.0
    parser = InputParser(utf8=True, clock=lambda: now)

    def kinds(data: bytes) -> list[str]:
        return [token.kind for token in parser.feed(data)]

    assert kinds(b"x" * 100) == ["paste"]
    now += 0.5
    assert kinds(b"x") == ["key"]
    assert kinds(b"x" * 1000) + kinds(b"x" * 1000) == ["paste", "paste"]
    now += 0.5
    assert kinds(b"x") == ["paste"]
    assert kinds(b"\x1b[A") + kinds(b"x") == ["key", "key"]


def test_answers_are_no_keys() -> None:
    assert tokens(b"\x1b[0n\x1b[24;80R\x1b[?62;1;6c") == [
        Token("answer", "\x1b[0n"),
        Token("answer", "\x1b[24;80R"),
        Token("answer", "\x1b[?62;1;6c"),
    ]


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_any_bytes(pieces: list[bytes], utf8: bool) -> None:
    for token in tokens(*pieces, utf8=utf8):
        assert token.kind in ("key", "paste", "answer", "noise")
        assert token.text
        if token.kind == "key" and len(token.text) == 1:
            assert "\ufffd" not in token.text
            assert token.text != "\0"


def test_escape_soup_is_fast_and_bounded() -> None:
    random_ = random.Random(5)
    soup = bytes(random_.choices(b"\x1b[O;0123456789~?<M\xff\x00\x9b qA", k=100_000))
    assert tokens(soup)
