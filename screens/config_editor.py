"""The editor of a guest's configuration: a form and the text, side by side where there is room, checked as one types.

What is edited is the text alone; the form changes one setting in it and leaves the rest as it is.
"""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from xentui.config_actions import EDIT
from xentui.config_effects import Effect, effects
from xentui.config_files import ConfigFileError, read_config
from xentui.config_host import Surroundings, check_on_host, look, unseen
from xentui.disk_actions import with_program
from xentui.domains.domain import Domain
from xentui.screens import config_saving
from xentui.screens.config_form import ROLES, ConfigForm, FormRow, fits, form_rows, help_of
from xentui.screens.config_values import InTheTextError, changed
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.drawing import Line, plain, wrap
from xentui.screens.keys import bindings
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.status_line import StatusLine
from xentui.screens.widgets.text_edit import TextEdit
from xentui.subprocesses import printable
from xentui.xlcfg.check import check
from xentui.xlcfg.convert import convert
from xentui.xlcfg.edit import EditError, without_setting
from xentui.xlcfg.findings import Finding, Severity
from xentui.xlcfg.grammar import read
from xentui.xlcfg.keys import keys
from xentui.xlcfg.sheet import Sheet

#: From this width on form and text stand side by side.
_WIDE = 120
#: Seconds after the last change until the text is checked, and until the host is looked at again.
_SOON, _LATER = 0.1, 1.0
#: Lines of help: always so many, and more for a finding that takes them.
_HELP_LINES, _HELP_MOST = 3, 6


class ConfigEditor(Page):
    """Opened on one domain's file."""

    DEFAULT_CSS = """
    ConfigEditor > #both { height: 1fr; }
    ConfigEditor ConfigForm { width: 1fr; height: 1fr; }
    ConfigEditor TextEdit { width: 1fr; height: 1fr; }
    ConfigEditor.-wide TextEdit { margin-left: 1; }
    ConfigEditor > #help { height: 3; }
    """
    AUTO_FOCUS = "#form"
    BINDINGS = [*bindings(EDIT)]
    registry = with_program(EDIT)

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        self.path = domain.config_file or ""
        #: The file as it was read or last written; None while it is not read.
        self.saved: str | None = None
        self.findings: list[Finding] = []
        self.around: Surroundings | None = None
        self.only_set = False
        self._soon: Timer | None = None
        self._later: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        with Horizontal(id="both"):
            yield ConfigForm(self.xentui.glyphs, id="form")
            yield TextEdit(id="edit")
        yield Lines(id="help")
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar(id="keys")

    @property
    def form(self) -> ConfigForm:
        """The form."""
        return self.query_one(ConfigForm)

    @property
    def edit(self) -> TextEdit:
        """The text."""
        return self.query_one(TextEdit)

    @property
    def in_text(self) -> bool:
        """Whether the keys go to the text."""
        return self.focused is self.edit

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.saved is not None and self.edit.text != self.saved

    def on_mount(self) -> None:
        self.edit.read_only = self.xentui.read_only
        self.edit.disabled = True
        super().on_mount()
        self.say("Reading ...")
        self._read()

    def on_resize(self) -> None:
        super().on_resize()
        self._arrange()

    def _arrange(self) -> None:
        wide = self.app.size.width >= _WIDE
        self.set_class(wide, "-wide")
        in_text = self.in_text
        self.form.display = wide or not in_text
        self.edit.display = wide or in_text
        hints = [("F2", "Save"), ("Tab", "Form" if in_text else "Text"), ("F4", "Next finding"), ("F6", "Repair"),
                 ("F7", "Changes"), ("^Z", "Undo")]  # fmt: skip
        if not in_text:
            hints = [("Enter", "Change"), ("x", "Unset"), ("Tab", "Text"), ("s", "Save"), ("n", "Finding"),
                     ("r", "Repair"), ("?", "Help"), ("d", "Diff"), ("/", "Find"), ("o", "Set ones")]  # fmt: skip
        bar = self.query_one(KeyBar)
        if hints != bar.hints[:-1]:
            bar.set_hints([*hints, ("Esc", "Back")], always=1)

    def show_title(self) -> None:
        self.heading = f"{self.domain.name}   {self.path}{'   changed' if self.changed else ''}"
        super().show_title()

    # Reading

    @work(thread=True, exclusive=True, group="file")
    def _read(self) -> None:
        try:
            _real, text = read_config(self.xentui.host, self.path)
        except ConfigFileError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self._take, text)

    def _take(self, text: str) -> None:
        if not self.is_mounted:
            return
        self.saved = text
        self.edit.disabled = False
        self.edit.load(text)
        self.say("")
        self._judge()
        self._look()

    @work(thread=True, exclusive=True, group="host")
    def _look(self) -> None:
        around = look(self.xentui.host, self.edit.text, self.path, self.xentui.snapshot)
        if self.app.is_running:
            self.app.call_from_thread(self._looked, around)

    def _looked(self, around: Surroundings) -> None:
        self.around = around
        if self.is_mounted:
            self._judge()

    # Judging

    @on(TextEdit.Changed)
    def _text_changed(self) -> None:
        if self.xentui.read_only:
            self.say("xentui runs read-only (--read-only): nothing is changed.", "error")
            return
        for timer in (self._soon, self._later):
            if timer is not None:
                timer.stop()
        self._soon = self.set_timer(_SOON, self._judge)
        self._later = self.set_timer(_LATER, self._look_if_new)

    def _look_if_new(self) -> None:
        if self.around is not None and unseen(self.edit.text, self.around):
            self._look()

    def _judge(self) -> None:
        """Check the text as it is, and show what there is to say."""
        if not self.is_mounted or self.saved is None:
            return
        text = self.edit.text
        findings = check(text)
        if self.around is not None:
            findings = sorted([*findings, *check_on_host(text, self.around)], key=lambda f: (f.line, f.column))
        self.findings = findings
        config, problems = read(text)
        self.sheet = Sheet(text, config, whole=not problems)
        self.form.show(form_rows(self.sheet, findings, only_set=self.only_set))
        marks: dict[int, str] = {}
        for severity in reversed(ROLES):
            marks |= {f.line - 1: ROLES[severity] for f in findings if f.severity is severity}
        self.edit.mark(marks)
        self.show_title()
        self._remark()

    def _remark(self) -> None:
        """The words for what is under the cursor, and how much is wrong in all."""
        if self.saved is None:
            return
        width = max(20, self.app.size.width - 2)
        found, key = self.here, self.key_here
        if found is not None and self.in_text:  # a line that cannot be read has no key of its own
            key = found.key if found.key in keys() else key if found.key == key else ""
        lines = plain([f" {line}" for line in wrap(help_of(key), width)], "dim") if key else []
        if found is not None:
            mends = "F6" if self.in_text else "r"
            says = f"{found.message} [{found.code}]" + (f" - {mends}: {found.repair.says}" if found.repair else "")
            says += f" - {'F8' if self.in_text else 'c'}: convert" if found.code == "python" else ""
            told: list[Line] = [((f" {line}", ROLES[found.severity]),) for line in wrap(says, width)]
            # What is wrong is read to its end, where the screen has room.
            lines = [*lines[:1], *told] if len(told) < _HELP_LINES else told
        most = _HELP_MOST if self.app.size.height >= 20 else _HELP_LINES
        help_ = self.query_one("#help", Lines)
        height = max(_HELP_LINES, min(most, len(lines)))
        if help_.size.height != height:
            help_.styles.height = height
        help_.show(lines[:height])
        counts = [sum(f.severity is severity for f in self.findings) for severity in ROLES]
        words = [
            f"{n} {s.value}{'s' if n != 1 and s.value != 'info' else ''}"
            for n, s in zip(counts, ROLES, strict=True)
            if n
        ]
        place = f"line {self.edit.row + 1}, column {self.edit.column + 1}" if self.in_text else ""
        self.query_one(StatusLine).set_remark("  ".join(filter(None, [place, ", ".join(words) or "no findings"])))

    @property
    def key_here(self) -> str:
        """The key under the cursor of form or text."""
        if not self.in_text:
            return self.form.selected.key if self.form.selected else ""
        config = self.sheet.config
        before = [s for s in config.settings if s.line <= self.edit.row + 1]
        return before[-1].key if before else ""

    @property
    def here(self) -> Finding | None:
        """The worst finding where the cursor is."""
        if self.in_text:
            found = [f for f in self.findings if f.line == self.edit.row + 1]
        else:
            row = self.form.selected
            found = [f for f in self.findings if row is not None and row.key and f.key == row.key]
        return min(found, key=lambda f: list(ROLES).index(f.severity), default=None)

    @on(CursorList.Moved)
    def _moved_in_form(self) -> None:
        self._remark()
        setting = self.sheet.setting(self.key_here) if self.saved is not None and self.has_class("-wide") else None
        if setting is not None and not self.in_text:  # the text beside it goes along
            self.edit.action_place(setting.line - 1, setting.column - 1)

    @on(TextEdit.Moved)
    def _moved_in_text(self) -> None:
        if self.in_text:
            self._remark()

    def on_descendant_focus(self) -> None:
        self._remark()
        self._arrange()

    # Actions

    def do_config_other(self) -> None:
        """From the form to the text, at the same key, and back."""
        key = self.key_here
        if self.in_text:
            self.form.display = True
            self.form.focus()
            self.form.go_to(key)
            return
        self.edit.display = True
        setting = self.sheet.setting(key) if self.saved is not None and key else None
        self.edit.focus()
        if setting is not None:
            self.edit.action_place(setting.line - 1, setting.column - 1)

    def do_config_only(self) -> None:
        self.only_set = not self.only_set
        self._judge()

    def do_config_find(self) -> None:
        self.xentui.run_dialogs(self._find())

    async def _find(self) -> None:
        known = [key for key in keys().values() if fits(key, self.sheet.guest) or self.sheet.config.value(key.name)]
        choices = [Choice(key.name, key.name, key.help) for key in known]
        name = await self.app.push_screen_wait(Choose("Find a key", choices, with_filter=True))
        if name is None:
            return
        if not self.form.go_to(name):
            self.only_set = False
            self._judge()
            self.form.go_to(name)

    def do_config_value(self) -> None:
        row = self.form.selected
        if self.saved is not None and row is not None and row.key:
            self.xentui.run_dialogs(self._change(row))

    async def _change(self, row: FormRow) -> None:
        try:
            text = await changed(self.xentui, self.sheet, row.key)
        except InTheTextError as error:
            self.do_config_other()
            self.say(str(error), "error")
            return
        except EditError as error:
            self.say(str(error), "error")
            return
        if text is not None:
            self._put(text)

    def _put(self, text: str) -> None:
        self.edit.change(text)
        self._judge()

    def do_config_remove(self) -> None:
        row = self.form.selected
        if self.saved is None or row is None or not row.key:
            return
        if row.value is None:
            self.say(f"{row.key} is not set.", "error")
            return
        try:
            self._put(without_setting(self.edit.text, row.key))
        except EditError as error:
            self.say(str(error), "error")
        else:
            self.say(f"{row.key} is left away; u brings it back.")

    def do_config_next(self) -> None:
        """The next finding, round and round, where the keys go."""
        if not self.findings:
            self.say("Nothing is wrong with it.", "good")
        elif self.in_text:
            at = (self.edit.row + 1, self.edit.column + 1)
            found = next((f for f in self.findings if (f.line, f.column) > at), self.findings[0])
            self.edit.action_place(found.line - 1, found.column - 1)
        else:
            wrong = [i for i, row in enumerate(self.form.rows) if row.finding is not None]
            if not wrong:  # what cannot be read belongs to no key
                self.do_config_other()
                self.edit.action_place(self.findings[0].line - 1, self.findings[0].column - 1)
                return
            self.form.place_cursor(next((i for i in wrong if i > self.form.cursor), wrong[0]))

    def do_config_repair(self) -> None:
        found = self.here
        if found is None:
            self.say("Nothing is wrong here; n goes to the next finding.", "error")
        elif found.repair is None:
            self.say("This is nothing that can be mended mechanically.", "error")
        else:
            self._put(found.repair.apply(self.edit.text))
            self.say(f"Done: {found.repair.says}.", "good")

    def do_config_convert(self) -> None:
        if self.saved is None:
            return
        converted = convert(self.edit.text, self.path)
        if converted.text is None:
            says = "Parts of it would have to be run: write their results by hand, then convert."
            self.xentui.run_dialogs(self._tell(says, "\n".join(map(printable, converted.problems))))
        elif converted.text == self.edit.text:
            self.say("There is nothing in it of xm's days.", "good")
        else:
            self._put(converted.text)
            self.say("Converted; what was left out stands in comments, and undo brings it back.", "good")

    async def _tell(self, headline: str, details: str) -> None:
        await self.app.push_screen_wait(MessageDialog(headline, details))

    def do_config_undo(self) -> None:
        if self.edit.undo():
            self._judge()
        else:
            self.say("There is nothing to undo.", "error")

    def do_refresh(self) -> None:
        if self.saved is not None:
            self._look()

    # Saving

    def effects(self) -> list[Effect]:
        """What the text, once saved, does to the guest that runs."""
        snapshot = self.xentui.snapshot
        domain = snapshot.domain(self.domain.key) if snapshot is not None else None
        if snapshot is None or domain is None or domain.libvirt_owns:
            return []
        return effects(domain, self.saved or "", self.edit.text, snapshot.host.scheduler or "")

    def do_config_diff(self) -> None:
        if self.saved is not None:
            self.xentui.run_dialogs(config_saving.show_changes(self))

    def do_config_save(self) -> None:
        if self.saved is None:
            return
        if not self.changed:
            self.say("Nothing was changed.")
        else:
            self.xentui.run_dialogs(config_saving.save(self))

    def action_close(self) -> None:
        if self.changed and not self.xentui.read_only:
            self.xentui.run_dialogs(self._leave())
        else:
            self.app.pop_screen()

    async def _leave(self) -> None:
        choices = [
            Choice("stay", "Stay", "go on editing"),
            Choice("save", "Save", "look at the changes and write them"),
            Choice("drop", "Leave", "the changes are dropped", "danger"),
        ]
        answer = await self.app.push_screen_wait(Choose(f"{self.path} was changed and not saved.", choices))
        if answer == "save":
            await config_saving.save(self)
        if answer == "drop" or (answer == "save" and not self.changed):
            self.app.pop_screen()

    def errors(self) -> list[Finding]:
        """What xl would refuse."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]
