"""Keys: what each sends, by the guest's modes."""

from __future__ import annotations

import pytest

from xentui.console.keys import key_bytes, key_label, normal_key, paste_bytes
from xentui.console.modes import Modes


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("ä", "ä", "ä".encode()),
        ("euro_sign", "€", "€".encode()),
        ("at", "@", b"@"),
        ("left_square_bracket", "[", b"["),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("space", " ", b" "),
        ("backspace", "\x7f", b"\x7f"),
        ("backspace", "\x08", b"\x08"),
        ("delete", None, b"\x1b[3~"),
        ("ctrl+a", "\x01", b"\x01"),
        ("ctrl+j", "\n", b"\n"),
        ("ctrl+q", "\x11", b"\x11"),
        ("ctrl+@", "\x00", b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+right_square_bracket", "\x1d", b"\x1d"),
        ("ctrl+circumflex_accent", "\x1e", b"\x1e"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("alt+b", "b", b"\x1bb"),
        ("alt+shift+b", "B", b"\x1bB"),
        ("up", None, b"\x1b[A"),
        ("ctrl+left", None, b"\x1b[1;5D"),
        ("ctrl+shift+end", None, b"\x1b[1;6F"),
        ("pagedown", None, b"\x1b[6~"),
        ("shift+delete", None, b"\x1b[3;2~"),
        ("f1", None, b"\x1bOP"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("ctrl+f1", None, b"\x1b[1;5P"),
        ("shift+f5", None, b"\x1b[15;2~"),
        ("<scroll-up>", None, b""),
    ],
)
def test_keys(key: str, character: str | None, sent: bytes) -> None:
    assert key_bytes(key, character, Modes()) == sent


def test_application_cursor_keys() -> None:
    modes = Modes(application_cursor=True)
    assert key_bytes("up", None, modes) == b"\x1bOA"
    assert key_bytes("home", None, modes) == b"\x1bOH"
    assert key_bytes("ctrl+up", None, modes) == b"\x1b[1;5A"


def test_backspace_of_a_terminal_that_sends_backspace_is_what_guests_expect() -> None:
    assert key_bytes("backspace", "\x08", Modes(), erase="\x08") == b"\x7f"


def test_every_character_that_a_keyboard_types_arrives_as_it_is() -> None:
    for character in "^°!\"§$%&/()=?`´{[]}\\@~+*#'-_.:,;<>|µ²³éèàçùêôïœ¨£¤ß":
        assert key_bytes("whatever", character, Modes()) == character.encode()


def test_paste() -> None:
    assert paste_bytes("ls\nid\r\n", Modes()) == b"ls\rid\r"
    assert paste_bytes("a\tb", Modes(bracketed_paste=True)) == b"\x1b[200~a\tb\x1b[201~"
    hostile = "x\x1b[201~rm -rf /\x03\x9b201~"
    assert paste_bytes(hostile, Modes(bracketed_paste=True)).count(b"\x1b") == 2


@pytest.mark.parametrize(
    ("written", "key", "label"),
    [
        ("Ctrl+]", "ctrl+right_square_bracket", "Ctrl+]"),
        ("^B", "ctrl+b", "Ctrl+B"),
        ("F11", "f11", "F11"),
        ("ctrl+\\", "ctrl+backslash", "Ctrl+\\"),
    ],
)
def test_leader_keys_as_users_write_them(written: str, key: str, label: str) -> None:
    assert normal_key(written) == key
    assert key_label(key) == label


@pytest.mark.parametrize("written", ["", "a", "Enter", "hyper+x", "f99", "ctrl+", "^"])
def test_what_cannot_be_a_leader_key(written: str) -> None:
    with pytest.raises(ValueError, match=r"leader key|no such key"):
        normal_key(written)
