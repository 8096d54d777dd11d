"""All keys on one screen, made from the registry."""

from __future__ import annotations

from collections.abc import Iterable

from xentui.actions import Action, Group
from xentui.screens.drawing import Line, wrap
from xentui.screens.keys import shown
from xentui.screens.page import Page
from xentui.screens.widgets.text_view import TextView

_MOVING = (
    ("Up Down", "go through the table (k j)"),
    ("PgUp PgDn", "a page"),
    ("Home End", "to the first, to the last (g G)"),
    ("Esc", "take the filter away, then the marks; close a screen"),
)


class HelpScreen(Page):
    """Groups of actions, each with its key, its title and what it does."""

    heading = "xentui: all keys"

    def __init__(self, actions: Iterable[Action], signs: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.actions, self.signs = list(actions), tuple(signs)

    def snapshot_changed(self) -> None:
        view = self.query_one(TextView)
        if view.size.width:
            view.show(self._lines(view.size.width))

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = []
        if self.xentui.read_only:
            lines += [(("Read-only: what changes something is left out.", "problem"),), ()]
        titles = max(len(action.title) for action in self.actions) + 2
        for group in Group:
            rows = [
                (" ".join(shown(key) for key in action.keys), action.title, action.help)
                for action in self.actions
                if action.group is group and action.keys and not (self.xentui.read_only and action.changes)
            ]
            if rows:
                lines += [((group.value, "strong"),), *_table(rows, width, titles), ()]
        for title, entries in (("Moving", _MOVING), ("Signs in the table", self.signs)):
            if entries:
                lines += [((title, "strong"),), *_table([(key, "", what) for key, what in entries], width, 0), ()]
        return lines


def _table(rows: list[tuple[str, str, str]], width: int, titles: int) -> list[Line]:
    lines: list[Line] = []
    before = 2 + 10 + titles
    for key, title, what in rows:
        if width - before < 24:
            lines.append(((f"  {key:<10}", "key"), (title or what, "text")))
            continue
        wrapped = wrap(what, width - before)
        lines.append(((f"  {key:<10}", "key"), (f"{title:<{titles}}", "text"), (wrapped[0], "dim")))
        lines += [((" " * before, "dim"), (more, "dim")) for more in wrapped[1:]]
    return lines
