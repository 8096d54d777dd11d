"""A plan is saved to a file and loaded again: the part of the plan's screen that asks where."""

from __future__ import annotations

from pathlib import Path

from xentui.disks.operations import Operation, PlanError
from xentui.disks.plan import Plan
from xentui.disks.planfile import read_plan, write_plan
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.page import Page
from xentui.screens.plan_thread import in_plan_thread


class PlanFiles(Page):
    """The base of the plan's screen."""

    plan: Plan | None = None
    #: What of the plan stands in a file.
    kept: tuple[Operation, ...] = ()

    async def show_plan(self) -> None:
        """Show what the plan comes to now."""
        raise NotImplementedError

    def do_plan_save(self) -> None:
        self.xentui.run_dialogs(self._save())

    async def _save(self) -> None:
        plan = self.plan
        if plan is None or not plan.items:
            self.say("The plan is empty.", "error")
            return
        default = str(Path.home() / f"{plan.target.name}.plan.json")
        answer = await self.app.push_screen_wait(Ask("Save the plan in the file", default, _whole_path))
        if answer is None:
            return
        try:
            await in_plan_thread(lambda: write_plan(Path(answer), plan.operations, plan.made_on))
            self.kept = plan.operations
            self.say(f"Saved in {answer}.", "good")
        except OSError as error:
            self.say(f"{answer}: {error.strerror}", "error")

    def do_plan_load(self) -> None:
        self.xentui.run_dialogs(self._load())

    async def _load(self) -> None:
        plan = self.plan
        if plan is None:
            self.say("The disk has not been read.", "error")
            return
        default = str(Path.home() / f"{plan.target.name}.plan.json")
        answer = await self.app.push_screen_wait(Ask("Load the plan of the file", default, _whole_path))
        if answer is None:
            return
        try:
            loaded = await in_plan_thread(lambda: read_plan(Path(answer)))
            await in_plan_thread(lambda: plan.add(*loaded.operations))
            await self.show_plan()
            self.say(f"{len(loaded.operations)} operations of {answer}.")
        except OSError as error:
            self.say(f"{answer}: {error.strerror}", "error")
        except PlanError as error:
            self.app.push_screen(MessageDialog("The plan cannot be used here.", str(error)))


def _whole_path(answer: str) -> str | None:
    if not answer.startswith("/"):
        return "Give the whole path, from /."
    return None if answer.isprintable() else "A path cannot hold control characters."
