"""A note in a configuration: found, changed and taken away, and nothing else touched."""

import pytest

from xentui.xlcfg.check import check
from xentui.xlcfg.note import note_complaint, note_of, with_note

TEXT = '# made by hand\nname = "web"\nmemory = 128 # note: not this\n'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_note_comes_changes_and_goes(end: str) -> None:
    text = TEXT.replace("\n", end)
    noted = with_note(text, " Anna's, until May ")
    assert noted == f"# note: Anna's, until May{end}{text}" and note_of(noted) == "Anna's, until May"
    assert with_note(with_note(noted, "ours"), "") == text
    assert with_note(text, "") == text and note_of(text) == ""


def test_it_is_changed_where_it_stands() -> None:
    text = 'name = "web"\n  #NOTE: old\t\nmemory = 128\n'
    assert note_of(text) == "old"
    assert with_note(text, "new") == 'name = "web"\n# note: new\nmemory = 128\n'


def test_a_last_line_is_ended_for_xl_takes_none_without() -> None:
    text = with_note('name = "web"\nkernel = "/x"\n# note: old', "new")
    assert text.endswith("# note: new\n")
    assert not [found for found in check(text) if found.code == "syntax"]


def test_what_is_no_note() -> None:
    assert note_complaint("ordinary words, ä and [brackets]") is None
    assert "one line" in (note_complaint("two\nlines") or "")
    assert "at most 200" in (note_complaint("x" * 201) or "")
