"""What Xen says about this machine: xl info, what is wrong with it, and the hypervisor's messages."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.binding import Binding

from xentui.host import HostError
from xentui.screens.drawing import Line, wrap
from xentui.screens.page import Page
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import CommandError

#: Seconds for `xl dmesg`.
_DEADLINE = 10.0
#: Lines of it that are shown.
_MESSAGES = 500


class HostInfoScreen(Page):
    """`r` reads the messages again."""

    heading = "This host"
    hints = (("r", "Read the messages again"),)
    BINDINGS = [Binding("r", "read", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._messages: Sequence[str] = ["Reading ..."]

    def on_mount(self) -> None:
        super().on_mount()
        self.action_read()

    def action_read(self) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="dmesg")
    def _read(self) -> None:
        try:
            said = self.xentui.host.run(["xl", "dmesg"], deadline=_DEADLINE, record=False).stdout
            messages = said.splitlines()[-_MESSAGES:]
        except CommandError as error:
            messages = [error.headline]
        except HostError as error:
            messages = [str(error)]
        self.app.call_from_thread(self._take, messages)

    def _take(self, messages: Sequence[str]) -> None:
        self._messages = messages
        if self.is_mounted:
            self.snapshot_changed()

    def snapshot_changed(self) -> None:
        snapshot, view = self.xentui.shown_snapshot, self.query_one(TextView)
        width = view.size.width
        if not width:
            return
        lines: list[Line] = []
        if snapshot is not None:
            for problem in snapshot.problems:
                lines += [((f"! {line}", "error"),) for line in wrap(problem, width - 2)]
            if snapshot.problems:
                lines.append(())
            values = snapshot.host.values
            room = max((len(key) for key, _ in values), default=0) + 2
            for key, value in values:
                first, *more = wrap(value, max(10, width - room))
                lines.append(((f"{key:<{room}}", "dim"), (first, "text")))
                lines += [((" " * room, "dim"), (line, "text")) for line in more]
            if not values:
                lines.append((("Xen has not said anything about this machine yet.", "dim"),))
        lines += [(), (("Messages of the hypervisor (xl dmesg), the newest last", "strong"),)]
        lines += [((line, "text"),) for message in self._messages for line in wrap(message, width)]
        view.show(lines)
