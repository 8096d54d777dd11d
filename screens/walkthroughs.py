"""The walkthroughs that there are, and how far one has come in each."""

from __future__ import annotations

import asyncio

from textual.binding import Binding
from textual.widget import Widget

from xentui.disk_actions import with_program
from xentui.screens.classroom import ClassScreen
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.drawing import Line, fit
from xentui.screens.keys import bindings
from xentui.screens.page import Page
from xentui.screens.presented import PresentedScreen
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.pick_list import PickList
from xentui.screens.widgets.status_line import StatusLine
from xentui.walkthrough_actions import CHOOSE
from xentui.walkthroughs.lint import lint
from xentui.walkthroughs.progress import Progress, forget_progress, host_name, load_progress
from xentui.walkthroughs.shelves import Entry, catalogue


class WalkthroughsScreen(Page):
    """One line for each; Enter opens it."""

    heading = "Walkthroughs"
    hints = (("Enter", "Open"), ("n", "Begin anew"), ("c", "Class"), ("w", "Watch"))
    registry = with_program(CHOOSE)
    BINDINGS = [*bindings(CHOOSE), Binding("escape,q,W", "close", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def body(self) -> Widget:
        return PickList(id="walkthroughs")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.do_refresh()

    def on_resize(self) -> None:
        super().on_resize()
        self._show()

    def do_refresh(self) -> None:
        self.entries = list(catalogue().values())
        self._show()
        if not self.entries:
            self.say("There is no walkthrough here: they stand in ~/.local/share/xentui/walkthroughs")

    def _show(self) -> None:
        width = self.app.size.width
        rows = [_row(entry, self._progress(entry), width) for entry in self.entries]
        self.query_one(PickList).show(rows, self.query_one(PickList).cursor)
        self._remark()

    def _progress(self, entry: Entry) -> Progress:
        return load_progress(entry.id, host_name(self.xentui.host))

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self._remark()

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.do_open_walkthrough()

    def _remark(self) -> None:
        count = len(self.entries)
        self.query_one(StatusLine).set_remark(f"{self.query_one(PickList).cursor + 1} of {count}" if count else "")

    @property
    def chosen(self) -> Entry | None:
        """The one under the cursor."""
        cursor = self.query_one(PickList).cursor
        return self.entries[cursor] if cursor < len(self.entries) else None

    def do_open_walkthrough(self) -> None:
        if self.chosen is not None:
            self.xentui.run_dialogs(self._open_walkthrough(self.chosen))

    async def _open_walkthrough(self, entry: Entry) -> None:
        shelf = {other.id: other.path for other in self.entries}
        problems = list(entry.problems)
        if entry.parsed is not None:
            problems = await asyncio.to_thread(lint, entry.parsed, shelf)
        if entry.parsed is None or problems:
            details = "\n".join(str(problem) for problem in problems)
            self.app.push_screen(MessageDialog(f"The walkthrough {entry.id} cannot be used.", details))
        else:
            self.xentui.open_walkthrough(entry.parsed.walkthrough)

    def do_class(self) -> None:
        self.app.push_screen(ClassScreen())

    def do_watch(self) -> None:
        self.app.push_screen(PresentedScreen())

    def do_forget_progress(self) -> None:
        entry = self.chosen
        if entry is None:
            return
        try:
            forget_progress(self._progress(entry))
        except OSError as error:
            self.say(f"It cannot be forgotten: {error.strerror}", "error")
            return
        self.say(f"{entry.id} begins at its first step the next time.")
        self._show()


def _row(entry: Entry, progress: Progress, width: int) -> Line:
    walkthrough = entry.parsed.walkthrough if entry.parsed is not None else None
    if walkthrough is None:
        return ((fit(entry.path.name, 24), "dim"), ("cannot be read: Enter says why", "crashed"))
    far = "done" if progress.finished else f"step {progress.number} of {progress.steps}" if progress.at else ""
    minutes = f"{walkthrough.minutes} min" if walkthrough.minutes else ""
    title = max(20, width - 2 - 8 - 8 - 16)
    return (
        (fit(walkthrough.section, 8), "dim"),
        (fit(walkthrough.title, title), "strong" if not progress.finished else "text"),
        (fit(minutes, 8, right=True), "dim"),
        (f"  {far}", "running" if progress.finished else "paused"),
    )
