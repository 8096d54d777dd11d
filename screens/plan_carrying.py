"""From a plan to the disk: the commands that it comes to, the last question, and the screen that shows the writing."""

from __future__ import annotations

import threading
from collections.abc import Callable

from xentui.disks.applying import REFUSED, Outcome, Progress, carry_out
from xentui.disks.device import Device, Disks
from xentui.disks.guard import RefusedError, check_tools, check_use
from xentui.disks.operations import PlanError
from xentui.disks.plan import Plan, Preview
from xentui.disks.steps import Step, steps_of
from xentui.disks.table_change import TableChange, table_change
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.dialogs.typed_name import TypedName
from xentui.screens.plan_files import PlanFiles
from xentui.screens.plan_thread import in_plan_thread
from xentui.screens.plan_warning import refusal_of, warning_of
from xentui.screens.plan_writing import PlanWritingScreen


class PlanCarrying(PlanFiles):
    """The part of the plan's screen that leads to the writing."""

    def __init__(self, disks: Disks, device: Device) -> None:
        super().__init__()
        self.disks, self.device = disks, device
        self.preview: Preview | None = None

    async def _change_and_steps(self, plan: Plan) -> tuple[TableChange, list[Step]]:
        """What the plan comes to. Raises PlanError and OSError."""

        def work() -> tuple[TableChange, list[Step]]:
            change = table_change(plan.target, plan.operations)
            return change, steps_of(plan.target, change)

        return await in_plan_thread(work)

    def do_plan_commands(self) -> None:
        self.xentui.run_dialogs(self._commands())

    async def _commands(self) -> None:
        plan = self.plan
        if plan is None or not plan.items:
            self.say("The plan is empty.", "error")
            return
        try:
            _, steps = await self._change_and_steps(plan)
        except (PlanError, OSError) as error:
            self.say(str(error), "error")
            return
        lines = [line for step in steps for line in (f"# {step.title}", *step.shell, "")]
        self.app.push_screen(
            MessageDialog("What the plan comes to, as commands by hand:", "\n".join(lines), role="dialog-title")
        )

    def do_plan_write(self) -> None:
        self.xentui.run_dialogs(self._write())

    async def _write(self) -> None:
        plan, preview = self.plan, self.preview
        if plan is None or preview is None or not plan.items:
            self.say("The plan is empty: there is nothing to write.", "error")
            return
        if preview.problem is not None:
            self.say(preview.problem, "error")
            return
        refusal = refusal_of(plan, demo=self.xentui.host.is_demo)
        if refusal is not None:
            self.app.push_screen(MessageDialog("It cannot be written here.", refusal))
            return
        self.say("Looking at all disks once more ...")
        try:
            change, steps = await self._change_and_steps(plan)
            check_tools(steps)
            self.disks = await in_plan_thread(self.xentui.read_disks)
            check_use(self.xentui.host, self.disks, plan.target, change)
        except RefusedError as error:
            self.say("Refused: nothing was written.", "error")
            self.app.push_screen(MessageDialog("It cannot be written now.", str(error)))
            return
        except (PlanError, OSError) as error:
            self.say(str(error), "error")
            return
        self.say("")
        name = plan.target.name
        paragraphs = warning_of(plan, preview, steps, self.disks, self.device)
        if not await self.app.push_screen_wait(TypedName(f"Write the plan to {plan.target.path}?", paragraphs, name)):
            self.say("Nothing was written.")
            return
        host, read_disks = self.xentui.host, self.xentui.read_disks

        def work(told: Callable[[Progress], None], cancel: threading.Event) -> Outcome:
            return carry_out(
                host, plan.target, plan.operations, confirm=name, read_disks=read_disks, told=told, cancel=cancel
            )

        self.app.push_screen(PlanWritingScreen(name, [step.title for step in steps], work, self._written))

    def _written(self, outcome: Outcome) -> None:
        """Back from the writing: what was planned is done, or the disk is to be looked at anew."""
        if outcome.status == REFUSED:
            return
        self.app.pop_screen()
