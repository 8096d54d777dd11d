"""The README's tables of keys are those of the registry. To make them anew: ``XENTUI_UPDATE=1 pytest`` this file."""

import os
import re
from pathlib import Path

import pytest

from xentui.actions import ACTIONS
from xentui.screens.keys import shown
from xentui.screens.widgets.console_keys import LEADER_KEYS

README = Path(__file__).parents[2] / "README.md"


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def keys_table() -> list[str]:
    rows = [row("key", "", "what it does"), "|---|---|---|"]
    for action in ACTIONS:
        keys = " ".join(f"`{shown(key)}`" for key in action.keys)
        rows.append(row(keys, action.title, action.help + (" (asks first)" if action.dangerous else "")))
    return rows


def leader_table() -> list[str]:
    return [row("key", "what it does"), "|---|---|", *(row(f"`{key.shown}`", key.help) for key in LEADER_KEYS)]


@pytest.mark.parametrize(("name", "table"), [("keys", keys_table), ("leader", leader_table)])
def test_the_table_is_the_registrys(name, table) -> None:
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name}: [^\n]* -->\n)(.*?)(<!-- end -->)", re.DOTALL)
    found = pattern.search(text)
    assert found is not None
    wanted = "\n".join(table()) + "\n"
    if os.environ.get("XENTUI_UPDATE"):
        README.write_text(text[: found.start(2)] + wanted + text[found.end(2) :], encoding="utf-8")
    else:
        assert found[2] == wanted


def test_what_the_readme_shows_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).is_file(), target
