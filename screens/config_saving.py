"""From an edited configuration to the file and to the guest that runs: each step is shown first, and done on a y."""

from __future__ import annotations

import asyncio
import difflib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.config_effects import Effect
from xentui.config_files import ConfigFileError, backup_of, save_config
from xentui.host import Host, HostError
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.dialogs.prose import Paragraph
from xentui.screens.dialogs.review import Review
from xentui.screens.drawing import Line, plain, wrap
from xentui.subprocesses import CommandError, printable

if TYPE_CHECKING:
    from xentui.screens.config_editor import ConfigEditor

#: Seconds for one change of a running guest; a guest without its driver lets xl wait for it.
_DEADLINE = 60.0
#: Cells of a line in a dialog, where the screen has room.
_WIDTH = 72


async def show_changes(editor: ConfigEditor) -> None:
    """What was changed since the file was read or saved, and what is different from the guest that runs."""
    lines = diff_lines(editor.saved or "", editor.edit.text) or [(("The text is as it was saved.", "dialog-dim"),)]
    await editor.app.push_screen_wait(Review("Changes", [*lines, *_effect_lines(editor)]))


async def save(editor: ConfigEditor) -> None:
    """Show what is changed, write it, and offer to do to the guest what can be done now."""
    editor._judge()
    text, before = editor.edit.text, editor.saved or ""
    remarks: list[Paragraph] = []
    for error in editor.errors()[:2]:
        remarks.append((f"xl would refuse it: line {error.line}: {error.message}", "danger"))
    remarks.append((f"What the file holds now is kept in {printable(backup_of(editor.path))}", "dialog-dim"))
    lines = [*diff_lines(before, text), *_effect_lines(editor)]
    if not await editor.app.push_screen_wait(Review(f"Save {printable(editor.path)}?", lines, remarks, "Save")):
        editor.say("Nothing was written.")
        return
    offered = editor.effects()
    host = editor.xentui.host
    try:
        backup = await asyncio.to_thread(save_config, host, editor.path, text, before)
    except ConfigFileError as error:
        await editor.app.push_screen_wait(MessageDialog(str(error)))
        return
    editor.saved = text
    editor.show_title()
    editor.say(f"Saved; {backup} keeps what was there.", "good")
    editor.xentui.refresher.request()
    now = [effect for effect in offered if effect.argv]
    if now and await _means_it(editor, offered):
        failed = await asyncio.to_thread(_do, host, now)
        editor.xentui.refresher.request()
        if failed:
            await editor.app.push_screen_wait(
                MessageDialog(f"{len(failed)} of {len(now)} did not work.", "\n\n".join(failed))
            )
        else:
            editor.say(f"Saved, and done to {printable(editor.domain.name)} as it runs.", "good")


def diff_lines(before: str, after: str) -> list[Line]:
    """What is different, as a unified diff without its heads."""
    lines: list[Line] = []
    texts = (before.splitlines(), after.splitlines())
    for line in list(difflib.unified_diff(*texts, n=1, lineterm=""))[2:]:
        role = {"+": "dialog-key", "-": "danger", "@": "dialog-dim"}.get(line[:1], "dialog")
        lines.append(((line, role),))
    if not lines and before != after:
        lines.append((("Only ends of lines are different.", "dialog-dim"),))
    return lines


def _effect_lines(editor: ConfigEditor) -> list[Line]:
    found = editor.effects()
    if not found:
        return []
    title = f"{editor.domain.name} runs. Different from that:"
    return [(), *(((line, "dialog-title"),) for line in wrap(title, _WIDTH)), *_told(found)]


def _told(found: Sequence[Effect]) -> list[Line]:
    """Each effect, and below it the command, or when it counts."""
    lines: list[Line] = []
    for effect in found:
        when = shlex.join(effect.argv) if effect.argv else "with its next start"
        lines += plain([f"  {line}" for line in wrap(f"{effect.key}: {effect.says}", _WIDTH - 2)], "dialog")
        role = "danger" if effect.risk else "dialog-dim"
        lines += plain([f"      {line}" for line in wrap(when, _WIDTH - 6)], role)
    return lines


async def _means_it(editor: ConfigEditor, offered: Sequence[Effect]) -> bool:
    remarks: list[Paragraph] = [(effect.risk, "danger") for effect in offered if effect.risk][:2]
    if any(not effect.argv for effect in offered):
        remarks.append(("The rest counts from its next start.", "dialog-dim"))
    title = f"Do this to {printable(editor.domain.name)} now?"
    return await editor.app.push_screen_wait(Review(title, _told([e for e in offered if e.argv]), remarks, "Do it now"))


def _do(host: Host, wanted: Sequence[Effect]) -> list[str]:
    """Do them one after the other; what each that failed has said."""
    failed = []
    for effect in wanted:
        try:
            host.run(effect.argv, deadline=_DEADLINE)
        except CommandError as error:
            failed.append(f"$ {error.record.shell}\n{error.details}")
        except HostError as error:
            failed.append(str(error))
    return failed
