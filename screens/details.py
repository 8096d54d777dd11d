"""All about one domain, on four pages that stay live: overview, configuration, log, events."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from textual import work
from textual.binding import Binding

from xentui.actions import ACTIONS
from xentui.actions import BY_NAME as ACTION
from xentui.domains.domain import Domain
from xentui.host import HostError
from xentui.screens import formats
from xentui.screens.columns import state_role
from xentui.screens.drawing import Line, Part, wrap
from xentui.screens.history import Event
from xentui.screens.keys import bindings
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.text_view import TextView

PAGES = ("Overview", "Configuration", "Log", "Events")
_OVERVIEW, _CONFIGURATION, _LOG, _EVENTS = range(4)
#: Bytes of a configuration file and of a log's end that are shown.
_CONFIG_BYTES, _LOG_BYTES = 256 << 10, 32 << 10

_ACTIONS = [a for a in ACTIONS if a.run is not None or a.name in ("console", "config", "rename", "note")]


class DetailsScreen(Page):
    """Opened on one domain; it follows the domain through reboots, by its key."""

    BINDINGS = [
        *bindings(_ACTIONS),
        *(Binding(str(n + 1), f"page({n})", show=False) for n in range(len(PAGES))),
        Binding("right,tab", "turn(1)", show=False),
        Binding("left,shift+tab", "turn(-1)", show=False),
    ]
    hints = (("1-4", "Pages"), ("c", "Console"), ("s", "Start"), ("d", "Shut down"), ("K", "Destroy"))

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain, self.page, self.gone = domain, _OVERVIEW, False
        #: What was read of the file that each page shows: its path, and its text or why there is none.
        self._files: dict[int, tuple[str, str, bool]] = {}

    @property
    def targets(self) -> list[Domain]:
        return [] if self.gone else [self.domain]

    def show_title(self) -> None:
        path = self._files.get(self.page, ("", "", False))[0]
        self.heading = f"{self.domain.name}   {path}" if path else self.domain.name
        super().show_title()
        title = self.query_one(TitleLine)
        width = self.app.size.width
        tabs: list[Part] = [("  ", "header")]
        for number, name in enumerate(PAGES):
            tabs += [(f" {number + 1} {name} ", "cursor" if number == self.page else "header-dim"), (" ", "header")]
        lines = list(title.lines[:1])
        if width < 50:
            tabs = [(f"  {self.page + 1}/{len(PAGES)} {PAGES[self.page]}", "header-dim")]
        title.styles.height = 2
        title.show([*lines, tuple(tabs)])

    def snapshot_changed(self) -> None:
        snapshot = self.xentui.shown_snapshot
        if snapshot is not None:
            now = snapshot.domain(self.domain.key)
            if now is None and not self.gone:
                self.say("The domain is gone: this is what was known of it.", "error")
            self.gone = now is None
            self.domain = now or self.domain
        self._show()
        if self.page == _LOG:
            self._read(_LOG)

    def _show(self) -> None:
        view = self.query_one(TextView)
        if not view.size.width:
            return
        if self.page == _OVERVIEW:
            lines = _overview(self.domain, self.xentui.history.events(self.domain.key)[-4:])
        elif self.page == _EVENTS:
            lines = _events(self.xentui.history.events(self.domain.key))
        else:
            _, text, known = self._files.get(self.page, ("", "Reading ...", False))
            lines = [((line, "text" if known else "dim"),) for line in wrap(text, view.size.width)]
        view.follow = self.page in (_LOG, _EVENTS)
        view.show(lines)

    def action_page(self, page: int) -> None:
        self.page = page
        view = self.query_one(TextView)
        view.top = 0
        view.lines = []
        self.show_title()
        if page in (_CONFIGURATION, _LOG):
            self._read(page)
        self._show()
        view.refresh()

    def action_turn(self, step: int) -> None:
        self.action_page((self.page + step) % len(PAGES))

    def do_config(self) -> None:
        from xentui.screens.config_editor import ConfigEditor

        self.app.push_screen(ConfigEditor(self.domain))

    def do_rename(self) -> None:
        from xentui.screens.guest_tasks import ask_rename

        self.xentui.run_dialogs(ask_rename(self.xentui, self.domain))

    def do_note(self) -> None:
        from xentui.screens.guest_tasks import ask_note

        self.xentui.run_dialogs(ask_note(self.xentui, self.domain))

    def do_console(self) -> None:
        self.app.pop_screen()
        self.xentui.domains_screen.open_console(self.domain)

    @work(thread=True, exclusive=True, group="file")
    def _read(self, page: int) -> None:
        domain = self.domain
        path = domain.config_file if page == _CONFIGURATION else f"/var/log/xen/xl-{domain.name}.log"
        if not path:
            self.app.call_from_thread(self._take, page, "", "No configuration file of this domain is known.", False)
            return
        try:
            limit = _CONFIG_BYTES if page == _CONFIGURATION else _LOG_BYTES
            data = self.xentui.host.read(path, limit, tail=page == _LOG)
            text, known = data.decode("utf-8", "surrogateescape"), True
        except (HostError, ValueError) as error:
            text, known = str(error), False
        self.app.call_from_thread(self._take, page, path, text, known)

    def _take(self, page: int, path: str, text: str, known: bool) -> None:
        if self._files.get(page) != (path, text, known):
            self._files[page] = (path, text, known)
            if self.is_mounted and self.page == page:
                self.show_title()
                self._show()


def _overview(domain: Domain, events: Sequence[Event]) -> list[Line]:
    def row(label: str, text: str, role: str = "text") -> Line:
        return ((f"  {label:<14}", "dim"), (text or "unknown", role if text else "dim"))

    def both(one: float | None, other: float | None) -> str:
        if one is None and other is None:
            return ""
        return f"{formats.rate(one or 0)} / {formats.rate(other or 0)} bytes/s"

    state = str(domain.state)
    if domain.stale_seconds is not None:
        state += f", as it was {formats.duration(domain.stale_seconds)} ago: the toolstack does not answer"
    if domain.shutdown_reason:
        state += f" ({domain.shutdown_reason})"
    memory = f"{domain.memory_mib} MiB" if domain.memory_mib is not None else ""
    if memory and domain.max_memory_mib:
        memory += f", at most {domain.max_memory_mib} MiB"
    cpu = f"{formats.percent(domain.cpu_percent)} % of one CPU" if domain.cpu_percent is not None else ""
    if domain.cpu_seconds is not None:
        cpu += f"{', ' if cpu else ''}{domain.cpu_seconds:.0f} s since it started"
    autostart = {None: "", True: "yes, with the host", False: "no"}[domain.autostart]
    lines: list[Line] = [
        row("State", state, state_role(domain)),
        *([row("Note", domain.note)] if domain.note else []),
        row("Id", str(domain.id) if domain.id is not None else "none: Xen does not have it now"),
        row("UUID", domain.uuid or ""),
        row("Type", domain.type or ""),
        row("vCPUs", str(domain.vcpus) if domain.vcpus is not None else ""),
        row("CPU", cpu),
        row("Memory", memory),
        row("Uptime", formats.duration(domain.uptime_seconds)),
        row("Managed by", ", ".join(domain.managed_by)),
        row("Autostart", autostart),
        row("Config file", domain.config_file or ""),
    ]
    if domain.save_file:
        lines.append(row("Saved in", domain.save_file))
    if domain.state.alive and not domain.is_dom0:
        lines.append(row("Console", shlex.join(ACTION["console"].by_hand(domain) or []) + "  (key c)"))
    lines += [(), (("Disks", "strong"), (f"  read / written {rates}" if (rates := both(domain.disk_read, domain.disk_write)) else "", "dim"))]  # fmt: skip  # noqa: E501
    for disk in domain.disks:
        kind = ", ".join(filter(None, (disk.format, "CD" if disk.cdrom else "", "" if disk.writable else "read-only")))
        lines.append(((f"  {disk.vdev:<12}", "text"), (disk.target or "empty", "text"), (f"  {kind}", "dim")))
    if not domain.disks:
        lines.append((("  none known", "dim"),))
    lines += [(), (("Interfaces", "strong"), (f"  received / sent {rates}" if (rates := both(domain.net_receive, domain.net_transmit)) else "", "dim"))]  # fmt: skip  # noqa: E501
    for interface in domain.interfaces:
        lines.append(
            (
                (f"  {interface.mac or 'MAC made by Xen':<20}", "text"),
                (f"bridge {interface.bridge}" if interface.bridge else "no bridge", "text"),
                (f"  {interface.model}" if interface.model else "", "dim"),
            )
        )
    if not domain.interfaces:
        lines.append((("  none known", "dim"),))
    if events:
        lines += [(), (("Last events", "strong"),), *_event_lines(events)]
    return lines


def _event_lines(events: Sequence[Event]) -> list[Line]:
    return [((f"  {formats.moment(event.time)}  ", "dim"), (event.text, "text")) for event in events]


def _events(events: Sequence[Event]) -> list[Line]:
    return _event_lines(events) or [(("  Nothing has happened to it since xentui was started.", "dim"),)]
