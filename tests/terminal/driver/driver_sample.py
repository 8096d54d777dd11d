"""A Textual app that does what the screens of xentui do: a table, a log, dialogs, wide characters, all by key.

Run as a program: `python driver_sample.py lean|stock`, on the terminal that it is to be tried on.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import (
    Button,
    Checkbox,
    DataTable,
    Footer,
    Header,
    Input,
    ProgressBar,
    RadioButton,
    RichLog,
    Select,
    Static,
    Tabs,
    Tree,
)

STATES = ("running", "blocked", "paused", "crashed")


class Dialog(ModalScreen[bool]):
    """A question over the screen."""

    CSS = """
    Dialog { align: center middle; }
    #box { width: 50; height: 11; border: thick $primary; background: $surface; padding: 1 2; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "dismiss", "No")]

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static("Destroy server01? Its memory is lost. 破壊 é")
            yield Input(placeholder="type the name", id="name")
            yield Button("No", id="no")


class Widgets(Screen[None]):
    """Everything that draws with glyphs."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "app.pop_screen", "Back")]

    def compose(self) -> ComposeResult:
        yield Tabs("one", "two", "drei")
        yield Checkbox("autostart", True)
        yield RadioButton("PV")
        yield Select([("pvgrub", 1), ("pygrub", 2)])
        tree: Tree[str] = Tree("dom0")
        tree.root.expand()
        tree.root.add("domU").add_leaf("vif")
        yield tree
        bar = ProgressBar(total=10, show_eta=False)
        bar.advance(3)
        yield bar
        yield Footer()


class Sample(App[int]):
    """Keys: the table's own; m a dialog; c one cell; l log lines; w the widgets' screen; x crash; q quit."""

    CSS = "DataTable { height: 1fr; } RichLog { height: 7; border-top: solid $accent; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("m", "dialog", "Dialog"),
        Binding("c", "cell", "Cell"),
        Binding("l", "log", "Log"),
        Binding("w", "widgets", "Widgets"),
        Binding("x", "crash", "Crash"),
        Binding("z", "suspend_process", "Stop"),
        Binding("q", "quit", "Quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._count = 0

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row")
        yield RichLog(max_lines=200)
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name, width in (("Name", 14), ("Id", 4), ("State", 9), ("CPU%", 6), ("Memory", 8)):
            table.add_column(name, key=name, width=width)
        for number in range(30):
            wide = "仮想" if number % 7 == 3 else "server"
            state = STATES[number % 4]
            colour = ("green", "cyan", "yellow", "red")[number % 4]
            table.add_row(
                f"{wide}{number:02}", number, Text(state, colour), "0.0", f"{128 * (number % 5 + 1)}", key=str(number)
            )
        table.focus()

    def action_dialog(self) -> None:
        self.push_screen(Dialog())

    def action_widgets(self) -> None:
        self.push_screen(Widgets())

    def action_cell(self) -> None:
        self._count += 1
        self.query_one(DataTable).update_cell(str(self._count % 8), "CPU%", f"{self._count * 1.7:.1f}")

    def action_log(self) -> None:
        log = self.query_one(RichLog)
        for _ in range(3):
            self._count += 1
            log.write(Text(f"[{self._count:8.3f}] xenbr0: port {self._count} entered forwarding state ─ 端末"))

    def action_crash(self) -> None:
        raise RuntimeError("as asked")


def main() -> int:
    if sys.argv[1] == "stock":
        app = Sample()
    else:
        from xentui.screens.terminal.lean import LeanDriver

        app = Sample(driver_class=LeanDriver)
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
