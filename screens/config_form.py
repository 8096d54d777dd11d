"""A configuration as a form: what this type of guest may have, by groups, with what is set and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.strip import Strip

from xentui.screens.drawing import Line, draw, fit
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.cursor_list import CursorList
from xentui.subprocesses import printable
from xentui.xlcfg.findings import Finding, Severity
from xentui.xlcfg.keys import IGNORED, XM_KEYS, Key, keys
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import Sheet

#: Old ways to say what another key says: shown only where they are set.
_OLD = {"builder", "stdvga", "altp2mhvm", "slice", "latency", "device_model", "vif2", "vncviewer"}
#: How a finding colours what it is about.
ROLES = {Severity.ERROR: "crashed", Severity.WARNING: "paused", Severity.INFO: "saved"}
_KEY_WIDTH = 24
_STRANGE = "Not xl's"


@dataclass(frozen=True, slots=True)
class FormRow:
    """A heading (no `key`), or a key: its value as far as it is set, what counts else, and what is wrong with it."""

    group: str
    key: str = ""
    value: str | None = None
    default: str = ""
    finding: Finding | None = None


def form_rows(sheet: Sheet, findings: Sequence[Finding], *, only_set: bool) -> list[FormRow]:
    """The rows of the form."""
    worst: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda finding: list(ROLES).index(finding.severity)):
        worst.setdefault(finding.key, finding)
    set_keys = list(sheet.config.keys())
    rows: list[FormRow] = []
    for group in dict.fromkeys(key.group for key in keys().values()):
        inside = []
        for key in keys().values():
            if key.group != group:
                continue
            value = sheet.config.value(key.name)
            needed = key.name in worst and worst[key.name].severity is Severity.ERROR
            if value is not None or needed or (not only_set and fits(key, sheet.guest)):
                shown = None if value is None else value_shown(value)
                inside.append(FormRow(group, key.name, shown, key.default, worst.get(key.name)))
        if inside:
            rows += [FormRow(group), *inside]
    strange = [name for name in set_keys if name not in keys()]
    if strange:
        rows.append(FormRow(_STRANGE))
        for name in strange:
            strange_value = sheet.config.value(name)
            shown = "" if strange_value is None else value_shown(strange_value)
            rows.append(FormRow(_STRANGE, name, shown, "", worst.get(name)))
    return rows


def fits(key: Key, guest: str) -> bool:
    """Whether a new configuration of such a guest may have the key."""
    return guest in key.guests and key.arch != "arm" and key.name not in IGNORED and key.name not in _OLD


def value_shown(value: Value) -> str:
    """A value on one line."""
    if isinstance(value.content, tuple):
        return " | ".join(value_shown(item) for item in value.content) if value.content else "[ ]"
    return value.content


def help_of(name: str) -> str:
    """The manual's words for a key."""
    key = keys().get(name)
    if key is None:
        return XM_KEYS.get(name, "xl does not know this key and ignores it.")
    text = key.help
    if key.default:
        text += f" Without it: {key.default}{f' {key.unit}' if key.unit and key.default.isdigit() else ''}."
    if key.words and len(key.words) < 12:
        text += f" One of {', '.join(key.words)}."
    return text


class ConfigForm(CursorList):
    """The rows; the cursor stays on its key when the rows become others."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.rows: list[FormRow] = []

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def selected(self) -> FormRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, rows: Sequence[FormRow]) -> None:
        """Show other rows."""
        if list(rows) == self.rows:
            return
        key = self.selected.key if self.selected else ""
        self.rows = list(rows)
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        if not self.go_to(key) and self.selected is not None and not self.selected.key:
            self.cursor = min(self.cursor + 1, len(self.rows) - 1)
        self.keep_in_view()
        self.refresh()

    def go_to(self, key: str) -> bool:
        """Put the cursor on a key; False if it is not among the rows."""
        places: Mapping[str, int] = {row.key: index for index, row in enumerate(self.rows) if row.key}
        if key in places:
            self.place_cursor(places[key])
        return key in places

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        override = self.theme["cursor" if self.has_focus else "cursor-away"] if under_cursor else None
        line = self._line(self.rows[index]) if index < len(self.rows) else ()
        return draw(line, self.size.width, self.theme, override=override)

    def _line(self, row: FormRow) -> Line:
        if not row.key:
            return ((f" {row.group}", "strong"),)
        sign = "!" if row.finding is not None and row.finding.severity is not Severity.INFO else " "
        role = ROLES[row.finding.severity] if row.finding is not None else "text"
        width = min(_KEY_WIDTH, max(12, self.size.width // 3))
        name = f" {sign} {fit(row.key, width, self.glyphs.more)} "
        if row.value is None:
            return ((name, role if row.finding else "dim"), (f"({row.default})" if row.default else "-", "dim"))
        return ((name, role), (fit(printable(row.value), self.size.width - width - 4, self.glyphs.more), role))
