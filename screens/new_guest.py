"""The wizard: it asks what `xentui create` asks, and shows the steps and the configuration before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding

from xentui.disk_actions import with_program
from xentui.domains.domain import Domain
from xentui.domains.toolstack import ToolstackError
from xentui.guest_actions import NEW
from xentui.guests.cds import library
from xentui.guests.errors import GuestError
from xentui.guests.files import shown_size
from xentui.guests.make import Plan, at_first, make, plan
from xentui.guests.options import OPTIONS, SOURCES, Option
from xentui.guests.site import Site
from xentui.guests.spec import TYPES
from xentui.guests.templates import Template, all_templates, merged, template
from xentui.guests.wishes import spec_of
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.drawing import Line, plain, wrap
from xentui.screens.guest_answers import Answers
from xentui.screens.guest_jobs import GuestJob
from xentui.screens.guest_tasks import site_as_shown, site_of
from xentui.screens.keys import bindings
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.pick_list import PickList
from xentui.screens.widgets.status_line import StatusLine
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_LABELS = 14
#: What is asked first, and what is a choice out of a few.
_NAME = Option("name", "its name: letters, digits and . _ + -")
_TEMPLATE = Option("template", "begin with what a template says")
#: A choice that is typed.
_ANOTHER = "..."
_START = Option("start", "start it when it is made", kind="flag")
_CHOICES = {"type": TYPES, "boot": ("own", "dom0")}
_ABOUT = {
    "busybox": "a small guest of 128 MiB on dom0's kernel, in a second",
    "debian": "Debian, installed here by mmdebstrap",
    "installer": "the Debian Installer in text, at its console",
    "cd": "a CD image, emulated whole: Windows, anything",
    "image": "a disk image made elsewhere, copied: qcow2, vmdk, vhdx, raw",
    "kernel": "a kernel on dom0",
    "disk": "what is on a disk already",
    "computer": "an idle disk of this computer; it is only read",
}


class NewGuestScreen(Page):
    """The questions above, what comes of the answers below."""

    DEFAULT_CSS = """
    NewGuestScreen > PickList { height: 1fr; }
    NewGuestScreen > #rule { height: 1; }
    NewGuestScreen > TextView { height: 1fr; }
    """
    AUTO_FOCUS = "#fields"
    BINDINGS = [*bindings(NEW), Binding("tab,shift+tab", "other", show=False)]
    registry = with_program(NEW)
    heading = "A new guest"

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self._asked = 0  # counts the plans that were asked for: an older one that comes late is dropped

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield PickList(id="fields")
        yield Lines(id="rule")
        yield TextView(id="outcome")
        yield StatusLine(self.xentui.glyphs)
        hints = [("Enter", "Change"), ("Del", "Clear"), ("Tab", "Below"), ("F2", "Make it"), ("F3", "and start")]
        yield KeyBar([*hints, ("?", "Help"), ("Esc", "Back")], always=5)

    def on_mount(self) -> None:
        super().on_mount()
        self._changed()

    def on_resize(self) -> None:
        super().on_resize()
        self._show_fields()
        self._show_outcome()

    # The questions

    @property
    def answers(self) -> Answers:
        """What was answered so far."""
        return self.xentui.guest_answers

    @property
    def fields(self) -> list[Option]:
        """What is asked for, as far as it goes with the source that is chosen."""
        source = self._answer("source")
        own = [option for option in OPTIONS if not option.sources or source in option.sources]
        rest = [option for option in own if option.name != "source"]
        first = [option for option in rest if option.sources]
        return [_NAME, _TEMPLATE, *[o for o in own if o.name == "source"], *first,
                *[o for o in rest if not o.sources], _START]  # fmt: skip

    @property
    def field(self) -> Option:
        """The question under the cursor."""
        fields = self.fields
        return fields[min(self.query_one("#fields", PickList).cursor, len(fields) - 1)]

    def _value(self, option: Option) -> str:
        if option is _NAME:
            return self.answers.guest
        if option is _TEMPLATE:
            return self.answers.base.id if self.answers.base is not None else ""
        value = self.answers.start_it if option is _START else self.answers.wish.get(option.name, "")
        if isinstance(value, bool):
            return "yes" if value else ""
        return "; ".join(value) if isinstance(value, list) else value

    def _usual(self, option: Option) -> str:
        """What it will be if nothing is said; where that is not known, what it is."""
        spec = self.plan.spec if self.plan is not None else None
        if spec is not None:
            known = {"type": spec.type, "memory": f"{spec.memory_mib} MiB", "vcpus": str(spec.vcpus), "mac": spec.mac,
                     "bridge": spec.bridge or "", "dir": spec.folder}  # fmt: skip
            if option.name in known:
                return f"({known[option.name]})"
        if self.answers.base is not None and option.name in self.answers.base.wish:
            value = self.answers.base.wish[option.name]
            return f"({'; '.join(value) if isinstance(value, list) else 'yes' if value is True else value})"
        return option.help

    def _answer(self, name: str) -> str:
        """What was answered to a question, or else what the template says."""
        value = self.answers.wish.get(name) or (
            self.answers.base.wish.get(name) if self.answers.base is not None else ""
        )
        return value if isinstance(value, str) else ""

    def _show_fields(self) -> None:
        rows: list[Line] = []
        for option in self.fields:
            value = self._value(option)
            label = f"{option.name:<{_LABELS}}"
            rows.append(((label, "strong"), (printable(value), "text") if value else (self._usual(option), "dim")))
        self.query_one("#fields", PickList).show(rows, self.query_one("#fields", PickList).cursor)

    def do_edit_field(self) -> None:
        if self.focused is self.query_one("#outcome"):
            self.query_one("#fields").focus()
            return
        self.xentui.run_dialogs(self._edit(self.field))

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self.say(self.field.help)  # whole, where the row cuts it

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.do_edit_field()

    async def _edit(self, option: Option) -> None:
        if option is _START:
            self.answers.start_it = not self.answers.start_it
        elif option.kind == "flag":
            self._set(option, not self.answers.wish.get(option.name, False))
        elif (choices := self._choices(option)) is not None:
            answer = await self.app.push_screen_wait(
                Choose(option.name, choices, current=self._value(option) or None, with_filter=len(choices) > 9)
            )
            if answer == _ANOTHER:
                await self._type(option)
            elif answer is not None:
                self._set(option, answer)
        else:
            await self._type(option)
        self._changed()

    async def _type(self, option: Option) -> None:
        """Have the answer typed."""
        remark = f"{option.help}; several with ; between" if option.kind == "list" else option.help
        answer = await self.app.push_screen_wait(Ask(option.name, self._value(option), lambda _text: None, remark))
        if answer is not None:
            several = [item.strip() for item in answer.split(";") if item.strip()]
            self._set(option, several if option.kind == "list" else answer.strip())

    def _choices(self, option: Option) -> list[Choice] | None:
        if option.name == "source":
            return [Choice(source, source, _ABOUT[source]) for source in SOURCES]
        if option is _TEMPLATE:
            found, problems = all_templates(self.xentui.host)
            if problems:
                self.say(printable(problems[0]), "error")
            return [Choice(one.id, printable(one.id), printable(one.description)) for one in found]
        if option.name in ("cd", "drivers"):
            return self._cds()
        if option.name in _CHOICES:
            return [Choice(word, word) for word in _CHOICES[option.name]]
        return None

    def _cds(self) -> list[Choice] | None:
        """The images of the library, where there are any."""
        found = library(self.xentui.host)
        known = [Choice(one.path, printable(one.name), shown_size(one.size)) for one in found]
        return [*known, Choice(_ANOTHER, "another file ...")] if known else None

    def _set(self, option: Option, value: str | bool | list[str]) -> None:
        if option is _NAME:
            self.answers.guest = str(value)
        elif option is _TEMPLATE:
            self._set_template(str(value))
        elif value:
            self.answers.wish[option.name] = value
        else:
            self.answers.wish.pop(option.name, None)
        if option.name == "source":
            # Answers to another source's questions would only be in the way.
            asked = {field.name for field in self.fields}
            self.answers.wish = {name: answer for name, answer in self.answers.wish.items() if name in asked}

    def _set_template(self, name: str) -> None:
        try:
            self.answers.base = template(self.xentui.host, name) if name else None
        except GuestError as error:
            self.say(printable(error.headline), "error")

    def do_clear_field(self) -> None:
        option = self.field
        if option is _START:
            self.answers.start_it = False
        else:
            self._set(option, "")
        self._changed()

    def action_other(self) -> None:
        """From the questions to what comes of them, and back."""
        fields, outcome = self.query_one("#fields"), self.query_one("#outcome")
        (fields if self.focused is outcome else outcome).focus()

    # What comes of it

    def _changed(self) -> None:
        self._asked += 1
        self._show_fields()
        self._think(self._asked, self.answers.guest, self.answers.base, dict(self.answers.wish))

    @work(thread=True, exclusive=True, group="plan")
    def _think(self, asked: int, guest: str, base: Template | None, wish: dict[str, str | bool | list[str]]) -> None:
        found: Plan | None = None
        try:
            site = site_as_shown(self.xentui)
            found, problem = planned(site, guest, base, wish), ""
        except GuestError as error:
            problem = error.headline
        if self.app.is_running:
            self.app.call_from_thread(self._take, asked, found, problem)

    def _take(self, asked: int, found: Plan | None, problem: str) -> None:
        if asked != self._asked or not self.is_mounted:
            return
        self.plan, self.problem = found, problem
        self._show_fields()
        self._show_outcome()

    problem = ""

    def _show_outcome(self) -> None:
        view, rule = self.query_one("#outcome", TextView), self.query_one("#rule", Lines)
        width = max(10, self.app.size.width - 2)
        if self.plan is None:
            rule.show([((" Not yet", "strong"),)])
            view.show([((f" {line}", "problem"),) for line in wrap(printable(self.problem), width)])
            return
        rule.show([((" F2 makes this:", "strong"),)])
        lines: list[Line] = []
        for warning in self.plan.warnings:
            lines += [((f" {line}", "problem"),) for line in wrap(printable(warning), width)]
        for line in map(printable, self.plan.describe()):
            text = line.lstrip()
            first, *rest = wrap(text, width - (indent := len(line) - len(text)) - 2)
            lines += plain([f" {' ' * indent}{first}", *(f" {' ' * indent}  {more}" for more in rest)])
        view.show(lines)

    def do_make_and_start(self) -> None:
        self._make(start=True)

    def do_make_guest(self) -> None:
        self._make(start=self.answers.start_it)

    def _make(self, *, start: bool) -> None:
        if self.plan is None:
            self.say(printable(self.problem) or "It is still being thought through.", "error")
            return
        made, app = self.plan, self.xentui

        def work(job: GuestJob) -> list[str]:
            site = site_of(app)
            said = make(site, made, job.say, job.cancel, starting=start)
            if start:
                job.say("starting it")
                try:
                    _start(app, made, job)
                except GuestError as error:  # a password that is told here stands nowhere else
                    raise GuestError(error.headline, "\n".join([*said, "", error.details])) from error
            return said

        app.guest_answers = Answers()
        app.pop_screen()
        app.start_job(GuestJob(self.registry["make-guest"], Domain(name=made.spec.name), work))


def _start(app: XentuiApp, made: Plan, job: GuestJob) -> None:
    name = made.spec.name
    domain = app.inventory.snapshot().domain(name)
    if domain is None:
        raise GuestError(f"{name} is made, but it is not seen yet: start it from the table.")
    try:
        app.inventory.toolstack(domain).start(at_first(made, domain), cancel=job.cancel)
    except ToolstackError as error:
        raise GuestError(f"{name} is made, but could not be started: {error.headline}", error.details) from error


def planned(site: Site, guest: str, base: Template | None, wish: dict[str, str | bool | list[str]]) -> Plan:
    """The plan of a guest as the answers have it so far. Raises GuestError for what is still missing or wrong."""
    everything = merged(base.wish, wish) if base is not None else wish
    name = guest or (base.guest if base is not None else "")
    if not everything.get("source") and not everything.get("disk") and not (base is not None and base.config):
        raise GuestError("Say where its system comes from: source, or a template.")
    spec = spec_of(site, name or "unnamed", everything, base)
    if not name:
        raise GuestError("Give it a name.")
    return plan(site, spec)
