"""One key of every file of the corpus is set to another value: it has it then, and no other key has changed."""

from __future__ import annotations

import pytest
from xlcfg_corpus import cases

from xentui.guests.change import set_text
from xentui.xlcfg.parser import ConfigError, parse

VALUES: list[str | int | list[str] | None] = ['new "q" \\ \t', 7, ["a,b", "c'd"], None]


@pytest.mark.parametrize("value", VALUES)
def test_only_what_is_set_changes(value: str | int | list[str] | None) -> None:
    tried = 0
    for case in cases():
        try:
            before = parse(case.text)
        except ConfigError:
            continue  # what xl cannot read is not changed
        keys = list(before.keys())
        for key in [*keys, "brandnew"]:
            after = parse(set_text(case.text, key, value))
            assert after.get(key) == value, (case.line, key)
            changed = [other for other in keys if other != key and after.get(other) != before.get(other)]
            assert changed == [], (case.line, key)
            tried += 1
    assert tried > 500
