"""Planning changes to one disk: what it will be, the operations beside it, and the keys that make them.

Nothing is written here; `plan_writing` does that. All of the plan's work is done in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal

from xentui.disk_actions import PLAN, with_program
from xentui.disks.device import Device, Disks
from xentui.disks.direct import within
from xentui.disks.layouts import BY_NAME as LAYOUT
from xentui.disks.layouts import LAYOUTS
from xentui.disks.listing import short_size
from xentui.disks.operations import Operation, PlanError
from xentui.disks.plan import Plan
from xentui.disks.sizes import SizeError
from xentui.disks.target import Target, TargetError
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.form import Form, Values
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.disk_parts import about_use
from xentui.screens.keys import bindings, shown
from xentui.screens.page import TitleLine
from xentui.screens.plan_carrying import PlanCarrying
from xentui.screens.plan_forms import Question
from xentui.screens.plan_keys import doings, question_for
from xentui.screens.plan_rows import bar_of
from xentui.screens.plan_thread import in_plan_thread
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.disk_bar import DiskBar
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.plan_table import OperationList, PlanTable
from xentui.screens.widgets.sentence import Sentence
from xentui.screens.widgets.status_line import StatusLine
from xentui.subprocesses import printable

#: Seconds for looking at the disk.
_DEADLINE = 15.0


class PlanScreen(PlanCarrying):
    """The plan for `device`; `look` reads it anew. `operations` are those that it begins with."""

    DEFAULT_CSS = """
    PlanScreen > DiskBar { height: 2; }
    PlanScreen > #plan { height: 1fr; }
    PlanScreen PlanTable { width: 3fr; }
    PlanScreen OperationList { width: 2fr; margin-left: 1; }
    PlanScreen.-narrow > #plan { layout: vertical; }
    PlanScreen.-narrow PlanTable { width: 1fr; height: 3fr; }
    PlanScreen.-narrow OperationList { width: 1fr; height: 2fr; margin-left: 0; }
    """
    AUTO_FOCUS = "PlanTable"
    BINDINGS = [*bindings(PLAN)]
    registry = with_program(PLAN)
    signs = (
        ("+", "before an operation: added together with the one above it"),
        ("* !", "it comes out otherwise than asked for; it cannot be done"),
    )

    def __init__(
        self, disks: Disks, device: Device, look: Callable[[], Target], operations: tuple[Operation, ...] = ()
    ) -> None:
        super().__init__(disks, device)
        self._look, self._first = look, operations

    def compose(self) -> ComposeResult:
        glyphs = self.xentui.glyphs
        yield TitleLine(id="title")
        yield DiskBar(glyphs, id="bar")
        with Horizontal(id="plan"):
            yield PlanTable(glyphs, id="table")
            yield OperationList(glyphs, id="operations")
        yield Sentence()
        yield StatusLine(glyphs)
        hints = [("Enter", "What to do"), ("a", "Add"), ("d", "Delete"), ("u", "Undo"), ("Tab", "List")]
        write = [] if self.xentui.read_only else [("w", "Write")]
        yield KeyBar([*hints, *write, ("?", "Help"), ("Esc", "Back")], always=2)

    @property
    def table(self) -> PlanTable:
        """What the disk will be."""
        return self.query_one(PlanTable)

    @property
    def operations(self) -> OperationList:
        """The list of operations."""
        return self.query_one(OperationList)

    # Looking at the disk

    def on_mount(self) -> None:
        super().on_mount()
        self.table.message = "Looking at the disk ..."
        self.run_worker(self._read(), group="plan")

    async def _read(self) -> None:
        try:
            target = await in_plan_thread(lambda: within(_DEADLINE, self._look))
            self.plan = await in_plan_thread(lambda: Plan(target, self._first))
            await self.show_plan()
        except TimeoutError:
            self.table.message = f"{self.device.path} does not answer."
        except (TargetError, PlanError, OSError) as error:
            self.table.message = printable(str(error))
        self.table.refresh()

    async def show_plan(self) -> None:
        plan = self.plan
        if plan is None or not self.is_mounted:
            return
        self.preview = await in_plan_thread(plan.preview)
        self.table.message = ""
        self.table.show(self.preview, plan.target.sector_size)
        self.operations.show(plan.items, self.preview)
        self._show_selected()

    def show_title(self) -> None:
        practice = "practice disk of the demo" if self.xentui.host.is_demo else "nothing is written yet"
        self.heading = f"Plan for {self.device.name or self.device.path}: {practice}"
        super().show_title()

    def on_resize(self) -> None:
        self.set_class(self.app.size.width < 70, "-narrow")
        super().on_resize()
        self._show_selected()

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self._show_selected()

    def on_descendant_focus(self) -> None:
        self._show_selected()

    def _show_selected(self) -> None:
        plan, preview = self.plan, self.preview
        if plan is None or preview is None:
            return
        target, label = plan.target, preview.layout.table.label
        words = [target.name, short_size(target.size), target.model or "", f"{label} table" if label else "no table"]
        caption = "  ".join(word for word in words if word)
        parts = bar_of(preview.layout, target.size, target.sector_size, self.table.selected)
        self.query_one(DiskBar).show_parts(((f" {caption}", "strong"),), parts)
        text, role = self._sentence()
        self.query_one(Sentence).tell(text, role)

    def _sentence(self) -> tuple[str, str]:
        """The line below: about the operation under the cursor, or what stands against the plan."""
        plan, preview = self.plan, self.preview
        if plan is None or preview is None:
            return "", "dim"
        if self.operations.has_focus and plan.items:
            return self.operations.sentence, "text"
        conflicts = self.disks.conflicts(self.device)
        if conflicts:
            return f"In use: {about_use(conflicts[0], self.device)}", "dying"
        obstacle = plan.target.table.obstacle
        flaw = obstacle or next(iter(plan.target.table.flaws), None)
        if flaw is not None and not plan.items:
            return flaw.sentence, "dying" if flaw.blocks else "paused"
        if preview.problem is not None:
            return preview.problem, "dying"
        if preview.layout.table.label is None and plan.target.whole is not None:
            return f"It holds {plan.target.whole.type}, without a partition table.", "paused"
        return "Not in use.", "running"

    # Leaving

    def action_close(self) -> None:
        if self.plan is None or self.plan.operations in ((), self._first, self.kept):
            super().action_close()
        else:
            self.xentui.run_dialogs(self._leave(len(self.plan.operations)))

    async def _leave(self, count: int) -> None:
        choices = [Choice("stay", "Stay", "s saves it to a file"), Choice("leave", "Leave", "nothing is written")]
        title = f"The plan with {count} operation{'' if count == 1 else 's'} is neither written nor saved."
        if await self.app.push_screen_wait(Choose(title, choices)) == "leave":
            self.app.pop_screen()

    # The plan's own keys

    def _change(self, change: Callable[[Plan], object]) -> None:
        """Change the plan in its thread, and show what comes out."""
        plan = self.plan
        if plan is None:
            self.say("The disk has not been read.", "error")
            return

        async def work() -> None:
            try:
                await in_plan_thread(lambda: change(plan))
                await self.show_plan()
            except PlanError as error:
                self.say(str(error), "error")

        self.run_worker(work(), group="plan")

    def do_plan_undo(self) -> None:
        if self.plan is not None and self.plan.can_undo:
            self._change(lambda plan: plan.undo())
            self.say("Undone.")
        else:
            self.say("There is nothing to undo.", "error")

    def do_plan_redo(self) -> None:
        if self.plan is not None and self.plan.can_redo:
            self._change(lambda plan: plan.redo())
            self.say("Done again.")
        else:
            self.say("There is nothing that was undone.", "error")

    def do_plan_drop(self) -> None:
        index = self.operations.cursor
        if self.plan is None or index >= len(self.plan.items):
            self.say("There is no operation to take out.", "error")
            return
        self._change(lambda plan: plan.remove(index))
        self.say(f"Operation {index + 1} is out of the list; u brings it back.")

    def do_plan_drop_group(self) -> None:
        index = self.operations.cursor
        if self.plan is None or index >= len(self.plan.items):
            self.say("There is no operation to take out.", "error")
            return
        group = self.plan.items[index].group
        self._change(lambda plan: plan.remove_group(group))
        self.say("They are out of the list; u brings them back.")

    # Questions

    def _ask(self, doing: str) -> None:
        if self.plan is None or self.preview is None:
            self.say("The disk has not been read.", "error")
            return
        asked = question_for(doing, self.table.selected, self.preview.layout, self.plan.target.sector_size)
        if isinstance(asked, str):
            self.say(asked, "error")
        elif isinstance(asked, Question):
            self.xentui.run_dialogs(self._form(asked))
        else:
            self._change(lambda plan: plan.add(*asked))

    async def _form(self, question: Question) -> None:
        async def attempt(values: Values) -> str | None:
            plan = self.plan
            if plan is None:
                return "The disk has not been read."
            try:
                operations = question.make(values)
                await in_plan_thread(lambda: plan.add(*operations))
            except (PlanError, SizeError) as error:
                return str(error)
            return None

        form = Form(question.title, question.fields, attempt, remark=question.remark, follow=question.follow)
        if await self.app.push_screen_wait(form):
            await self.show_plan()
            self._say_notes()

    def _say_notes(self) -> None:
        """What was added comes out otherwise than asked for: say so at once."""
        if self.preview is not None and self.preview.replayed:
            notes = self.preview.replayed[-1].notes
            self.say("; ".join(notes) if notes else "", "status")

    def do_plan_what(self) -> None:
        if self.operations.has_focus:
            if self.operations.sentence:
                self.app.push_screen(MessageDialog(self.operations.sentence, role="dialog-title"))
            return
        self.xentui.run_dialogs(self._what())

    async def _what(self, only: str = "") -> None:
        plan, preview, choices = self.plan, self.preview, []
        if plan is not None and preview is not None:
            for doing, title in doings(self.table.selected, preview.layout, plan.target.table.flaws):
                action = next((action for action in PLAN if action.name == f"plan-{doing}"), None)
                key = shown(action.keys[0]) if action is not None and action.keys else ""
                if not only or doing.startswith(only):
                    choices.append(Choice(doing, title, key))
        if not choices:
            self.say("There is nothing to do here.", "error")
            return
        answer = await self.app.push_screen_wait(Choose("What to do", choices))
        if answer is not None:
            self._ask(answer)

    def do_plan_layout(self) -> None:
        self.xentui.run_dialogs(self._layout())

    async def _layout(self) -> None:
        plan = self.plan
        if plan is None:
            self.say("The disk has not been read.", "error")
            return
        choices = [Choice(one.name, one.title, f"guide {one.section}: {one.text}") for one in LAYOUTS]
        answer = await self.app.push_screen_wait(Choose("A layout of the guide; what is on the disk is lost", choices))
        if answer is not None:
            self._change(lambda plan: plan.add(*LAYOUT[answer].operations(plan.target)))

    def do_plan_lvm(self) -> None:
        self.xentui.run_dialogs(self._what("lvm"))

    def do_plan_add(self) -> None:
        self._ask("add")

    def do_plan_delete(self) -> None:
        self._ask("delete")

    def do_plan_resize(self) -> None:
        self._ask("resize")

    def do_plan_move(self) -> None:
        self._ask("move")

    def do_plan_format(self) -> None:
        self._ask("format")

    def do_plan_type(self) -> None:
        self._ask("type")

    def do_plan_name(self) -> None:
        self._ask("name")

    def do_plan_flag(self) -> None:
        self._ask("flag")

    def do_plan_check(self) -> None:
        self._ask("check")

    def do_plan_mount(self) -> None:
        self._ask("mount")

    def do_plan_table(self) -> None:
        self._ask("table")
