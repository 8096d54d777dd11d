"""A note on a guest: one line of words, kept as a comment of its own in the configuration, ``# note: WORDS``.

There it goes where the file goes, is read without xentui, and means nothing to xl. The first such line counts.
"""

from __future__ import annotations

import re

#: Characters.
LONGEST = 200
_LINE = re.compile(
    r"^[ \t]*#[ \t]*note:[ \t]*(?P<words>[^\r\n]*?)[ \t]*(?P<end>\r?\n|\Z)", re.MULTILINE | re.IGNORECASE
)


def note_of(text: str) -> str:
    """The note in a configuration's text, "" for none."""
    found = _LINE.search(text)
    return found["words"] if found else ""


def note_complaint(words: str) -> str | None:
    """Why these words can be no note; None if they can."""
    if not words.isprintable():
        return "A note is one line, without control characters."
    return f"A note has at most {LONGEST} characters; this has {len(words)}." if len(words) > LONGEST else None


def with_note(text: str, words: str) -> str:
    """The text with this note, at its place or at the top; "" takes it away. All the rest stays, byte for byte."""
    found, words = _LINE.search(text), words.strip()
    if found is not None:
        # Never without its end of line: xl takes no comment that the file ends in.
        line = f"# note: {words}{found['end'] or chr(10)}" if words else ""
        return text[: found.start()] + line + text[found.end() :]
    end = "\r\n" if "\r\n" in text else "\n"
    return f"# note: {words}{end}{text}" if words else text
