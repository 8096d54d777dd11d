"""Every command that was run for the user: when, how it ended, how long it took, ready to paste."""

from __future__ import annotations

from textual.binding import Binding
from textual.widget import Widget

from xentui.screens import formats
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.drawing import Line
from xentui.screens.page import Page
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.pick_list import PickList
from xentui.screens.widgets.status_line import StatusLine
from xentui.subprocesses import CommandRecord


class CommandLogScreen(Page):
    """The newest last. Enter shows what a command said; y hands it to the terminal's clipboard."""

    heading = "Commands run for you"
    hints = (("Enter", "Output"), ("y", "Copy"))
    BINDINGS = [
        Binding("enter", "output", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._records: list[CommandRecord] = []

    def body(self) -> Widget:
        return PickList(id="commands")

    def snapshot_changed(self) -> None:
        records, first = list(self.xentui.host.log), not self._records
        if records and records == self._records:
            return
        self._records = records
        pick = self.query_one(PickList)
        pick.show([_line(record) for record in records], len(records) - 1 if first else None)
        if not records:
            self.say("No command was run for you yet: what only reads is not listed.")
        self._remark()

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self._remark()

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.action_output()

    def _remark(self) -> None:
        count = len(self._records)
        remark = f"{self.query_one(PickList).cursor + 1} of {count}" if count else ""
        self.query_one(StatusLine).set_remark(remark)

    @property
    def _record(self) -> CommandRecord | None:
        cursor = self.query_one(PickList).cursor
        return self._records[cursor] if cursor < len(self._records) else None

    def action_output(self) -> None:
        record = self._record
        if record is None:
            return
        said = [part.rstrip("\n") for part in (record.stderr, record.stdout) if part.strip()]
        ended = f"{_status(record).strip()} after {record.seconds:.1f} s, {formats.moment(record.started)}"
        text = "\n\n".join(said) or "It said nothing."
        self.app.push_screen(MessageDialog(record.shell, f"{ended}\n\n{text}", role="dialog-title"))

    def action_copy(self) -> None:
        if self._record is not None:
            self.app.copy_to_clipboard(self._record.shell)
            self.say("Copied, if the terminal lets programs copy (OSC 52).")


def _status(record: CommandRecord) -> str:
    if record.status is None:
        return "ended"
    return "ok" if record.ok else f"exit {record.status}" if record.status > 0 else f"signal {-record.status}"


def _line(record: CommandRecord) -> Line:
    return (
        (f"{formats.clock(record.started)} ", "dim"),
        (f"{_status(record):<9} ", "running" if record.ok else "crashed"),
        (f"{record.seconds:6.1f}s  ", "dim"),
        (record.shell, "text"),
    )
