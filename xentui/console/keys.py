"""What a key sends to the guest, by the modes that the guest has set.

Keys have Textual's names ("ctrl+a", "shift+up", "f5", "adiaeresis"); the bytes are those of a VT220 and
of xterm (ctlseqs, "PC-Style Function Keys", "VT220-Style Function Keys"), which terminfo's `xterm`,
`vt220` and `linux` all understand for the keys that they have.
"""

from __future__ import annotations

from typing import Protocol


class KeyModes(Protocol):
    """The guest's modes that matter for keys; `xentui.console.modes.Modes` has them."""

    application_cursor: bool
    application_keypad: bool
    bracketed_paste: bool


#: CSI letter, or SS3 letter in application cursor mode (DECCKM).
_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
#: SS3 letter; CSI 1;m letter with modifiers.
_PF = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
#: CSI number ~.
_TILDE = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6,
    "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
    "f13": 25, "f14": 26, "f15": 28, "f16": 29, "f17": 31, "f18": 32, "f19": 33, "f20": 34,
}  # fmt: skip
_PLAIN = {"enter": "\r", "return": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
#: Names of the control keys that are no letters, Textual's and the readable ones.
_CONTROL = {
    "at": "\x00", "@": "\x00", "space": "\x00", "2": "\x00",
    "left_square_bracket": "\x1b", "[": "\x1b", "3": "\x1b",
    "backslash": "\x1c", "\\": "\x1c", "4": "\x1c",
    "right_square_bracket": "\x1d", "]": "\x1d", "5": "\x1d",
    "circumflex_accent": "\x1e", "^": "\x1e", "6": "\x1e",
    "underscore": "\x1f", "_": "\x1f", "slash": "\x1f", "minus": "\x1f", "7": "\x1f",
    "8": "\x7f", "question_mark": "\x7f", "backspace": "\x08",
}  # fmt: skip
_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4, "meta": 8}


def meta_bytes(sequence: str | None) -> bytes:
    """Alt with a character, as the terminal sent it: Textual's names for some of these are those of other keys."""
    if sequence is not None and len(sequence) == 2 and sequence[0] == "\x1b" and sequence[1] not in "O[\x1b":
        return sequence.encode("utf-8", "replace")
    return b""


def key_bytes(key: str, character: str | None = None, modes: KeyModes | None = None, erase: str = "\x7f") -> bytes:
    """The bytes for a key; empty for one that sends nothing.

    `character` is what the key would type, if anything. `erase` is what the user's own terminal sends
    for Backspace: if that is ^H, it still is Backspace that was meant, and guests expect DEL for it.
    """
    *modifiers, name = key.split("+") if not key.endswith("++") else [*key[:-2].split("+"), "+"]
    bits = 0
    for modifier in modifiers:
        bits |= _MODIFIERS.get(modifier, 0)
    if name == "backspace" and not modifiers and character == "\x08" and erase != "\x08":
        return b"\x08"  # ctrl+h, which only looks like Backspace
    text = _sequence(name, bits, modes) or _plain(name, bits, character)
    return text.encode("utf-8", "replace")


def _sequence(name: str, bits: int, modes: KeyModes | None) -> str:
    """A cursor or function key, with xterm's modifier parameter."""
    if letter := _CURSOR.get(name):
        if bits:
            return f"\x1b[1;{bits + 1}{letter}"
        return f"\x1bO{letter}" if modes is not None and modes.application_cursor else f"\x1b[{letter}"
    if letter := _PF.get(name):
        return f"\x1b[1;{bits + 1}{letter}" if bits else f"\x1bO{letter}"
    if number := _TILDE.get(name):
        return f"\x1b[{number};{bits + 1}~" if bits else f"\x1b[{number}~"
    return ""


def _plain(name: str, bits: int, character: str | None) -> str:
    meta = "\x1b" if bits & 2 else ""
    if name == "tab" and bits & 1:
        return meta + "\x1b[Z"
    if bits & 4:
        if len(name) == 1 and name.isascii() and name.isalpha():
            return meta + chr(ord(name.lower()) & 0x1F)
        return meta + _CONTROL[name] if name in _CONTROL else meta + _PLAIN.get(name, "")
    if name in _PLAIN:
        return meta + _PLAIN[name]
    if character is not None and character:
        return meta + character
    if len(name) == 1:
        return meta + (name.upper() if bits & 1 else name)
    return ""


def paste_bytes(text: str, modes: KeyModes | None = None) -> bytes:
    """Pasted text: line ends as Enter; between the brackets of bracketed paste if the guest wants them.

    The end bracket cannot be part of what is pasted, nor can other control characters: a page that was
    copied from must not be able to press keys in the guest (xterm's allowPasteControls).
    """
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    text = "".join(c for c in text if c in "\r\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))
    data = text.encode("utf-8", "replace")
    if modes is not None and modes.bracketed_paste:
        return b"\x1b[200~" + data + b"\x1b[201~"
    return data


def key_label(key: str) -> str:
    """A key as the user reads it: "Ctrl+]", "F11"."""
    *modifiers, name = key.split("+")
    shown = {"right_square_bracket": "]", "left_square_bracket": "[", "backslash": "\\", "circumflex_accent": "^",
             "underscore": "_", "at": "@", "question_mark": "?"}.get(name, name)  # fmt: skip
    shown = shown.upper() if modifiers or (name[:1] == "f" and name[1:].isdigit()) else shown
    return "+".join([*(m.capitalize() for m in modifiers), shown])


def normal_key(text: str) -> str:
    """A key as users write it in settings ("Ctrl+]", "^B", "F11") by its one name here. Raises ValueError."""
    words = text.strip().lower()
    if len(words) == 2 and words[0] == "^":
        words = f"ctrl+{words[1]}"
    *modifiers, name = words.split("+")
    name = {"]": "right_square_bracket", "[": "left_square_bracket", "\\": "backslash", "^": "circumflex_accent",
            "_": "underscore", "@": "at"}.get(name, name)  # fmt: skip
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            raise ValueError(f"{text!r}: no such key; give one like ctrl+], ctrl+b or f11")
    key = "+".join([*modifiers, name])
    if not key_bytes(key) or (not modifiers and len(name) == 1) or name in ("enter", "escape", "tab", "space"):
        raise ValueError(f"{text!r}: cannot be the leader key; give one like ctrl+], ctrl+b or f11")
    return key
