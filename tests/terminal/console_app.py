"""A console pane alone on the lean driver; what its guest prints is kept in FOLDER/guest.out. Usage: FOLDER [LEADER]"""

import sys
from pathlib import Path

from textual.app import App, ComposeResult

from xentui.console.session import ConsoleSession
from xentui.host import Host
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.themes import load_themes
from xentui.screens.widgets.console_deck import ConsoleDeck

FAKE = Path(__file__).parents[1] / "unit" / "console_session" / "fake_xenconsole.py"


class OneConsole(App[None], inherit_bindings=False):
    def __init__(self, folder: Path, leader: str) -> None:
        super().__init__(driver_class=LeanDriver)
        self.palette = load_themes()[0]["dark"]
        self.folder, self.leader = folder, leader

    def compose(self) -> ComposeResult:
        yield ConsoleDeck(leader=self.leader)

    async def on_mount(self) -> None:
        argv = [sys.executable, "-I", "-S", str(FAKE), str(self.folder / "lock"), *sys.argv[3:]]
        session = ConsoleSession(Host(), "server01", lambda: argv)
        session.taps.append((self.folder / "guest.out").open("ab", buffering=0).write)
        await self.query_one(ConsoleDeck).open(session)

    def on_console_deck_left(self) -> None:
        self.exit()


if __name__ == "__main__":
    OneConsole(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "ctrl+right_square_bracket").run()
