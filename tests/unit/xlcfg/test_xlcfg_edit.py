"""Changing one setting of a text and leaving the rest as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlcfg_corpus import cases

from xentui.xlcfg.edit import EditError, with_setting, without_setting, written
from xentui.xlcfg.grammar import read
from xentui.xlcfg.parser import parse

TEXT = "# my guest\r\nname = 'x' ; memory=128 # MiB\r\n\r\ndisk = [ 'a',\r\n  'b', ] # two\r\n"


def test_only_the_value_is_another_one() -> None:
    assert with_setting(TEXT, "memory", "256") == TEXT.replace("128", "256")
    assert with_setting(TEXT, "name", '"y"') == TEXT.replace("'x'", '"y"')
    assert with_setting(TEXT, "disk", "[ ]") == TEXT.replace("[ 'a',\r\n  'b', ]", "[ ]")


def test_a_new_key_is_a_new_last_line() -> None:
    assert with_setting("name='x'", "vcpus", "2") == "name='x'\nvcpus = 2\n"
    assert with_setting("", "name", '"x"') == 'name = "x"\n'


def test_the_last_of_several_settings_counts() -> None:
    assert with_setting("memory=1\nmemory=2 # two\n", "memory", "3") == "memory=3 # two\n"
    assert with_setting('extra="a"\nextra += "b"\n', "extra", '"c"') == 'extra = "c"\n'


def test_a_key_goes_with_its_line_and_all_its_settings() -> None:
    assert parse(without_setting(TEXT, "memory").replace("\r", "")).get("memory") is None
    assert without_setting("a=1\nmemory=1\nb=2\nmemory=2 # c\n", "memory") == "a=1\nb=2\n"
    assert without_setting("a=1\n", "memory") == "a=1\n"


def test_what_cannot_be_changed_by_itself_is_said() -> None:
    for change in (lambda text: with_setting(text, "memory", "1"), lambda text: without_setting(text, "memory")):
        with pytest.raises(EditError, match="not xl's language"):
            change("name = [\nmemory = 1\n")


@pytest.mark.parametrize("value", ["", "it's", 'a "b"', "a\\b", "tab\tend", -3, 7, [], ["a"], ["a", "b,c"]])
def test_what_is_written_is_read_again(value: str | int | list[str]) -> None:
    plain = parse(f"key = {written(value)}\n").get("key")
    assert plain == (str(value) if isinstance(value, int) and value < 0 else value)


READABLE = [case.text for case in cases() if not read(case.text)[1]]


@given(st.sampled_from(READABLE), st.sampled_from(["memory", "name", "disk", "vcpus", "extra"]), st.text(max_size=9))
def test_the_other_settings_stay(text: str, key: str, value: str) -> None:
    before = parse(text)
    try:
        after = parse(with_setting(text, key, written(value.replace("\0", ""))))
    except EditError:
        return
    assert after.get(key) == value.replace("\0", "")
    assert sum(setting.key == key for setting in after.settings) == 1
    assert [s.key for s in after.settings if s.key != key] == [s.key for s in before.settings if s.key != key]
    assert all(after.get(other) == before.get(other) for other in before.keys() if other != key)  # noqa: SIM118
