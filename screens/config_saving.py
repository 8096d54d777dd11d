"""From an edited configuration to the file and to the guest that runs: each step is shown first, and done on a y."""

from __future__ import annotations

import asyncio
import difflib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.config_effects import Effect, carry_out
from xentui.config_files import ConfigFileError, backup_of, save_config
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.dialogs.prose import Paragraph
from xentui.screens.dialogs.review import Review
from xentui.screens.drawing import Line, plain, wrap
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.config_editor import ConfigEditor

#: Answers beside the numbers of the effects.
_NOTHING, _ALL = "nothing", "all"
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
    if editor.domain.libvirt_owns:
        name = printable(editor.domain.name)
        remarks.append((f"libvirt starts {name} by its own definition, not by this file: virsh edit {name}", "danger"))
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
    await _offer(editor, [effect for effect in offered if effect.argv])


async def _offer(editor: ConfigEditor, effects: list[Effect]) -> None:
    """What xl can do to the guest that runs, one thing after the other, or all that loses nothing."""
    name = printable(editor.domain.name)
    while effects:
        harmless = [effect for effect in effects if not effect.risk]
        choices = [Choice(_NOTHING, "Nothing more", "the rest counts from its next start")]
        for place, effect in enumerate(effects):
            role = "danger" if effect.risk else ""
            choices.append(Choice(str(place), shlex.join(effect.argv), effect.says, role))
        if len(harmless) > 1:
            choices.append(Choice(_ALL, "All of it", "but for what may lose something"))
        answer = await editor.app.push_screen_wait(Choose(f"Do to {name} now, as it runs?", choices))
        if answer in (None, _NOTHING):
            return
        chosen = harmless if answer == _ALL else [effects[int(answer or 0)]]
        if chosen[0].risk and not await _means_it(editor, chosen[0]):
            continue
        failed = await asyncio.to_thread(carry_out, editor.xentui.host, chosen)
        editor.xentui.refresher.request()
        if failed:
            headline = (
                failed[0].splitlines()[-1] if len(failed) == 1 else f"{len(failed)} of {len(chosen)} did not work."
            )
            await editor.app.push_screen_wait(MessageDialog(headline, "\n\n".join(failed)))
        else:
            editor.say(f"Done to {name}: {', '.join(effect.key for effect in chosen)}.", "good")
        effects = [effect for effect in effects if effect not in chosen]


async def _means_it(editor: ConfigEditor, effect: Effect) -> bool:
    lines = plain(wrap(effect.risk, _WIDTH), "danger")
    return await editor.app.push_screen_wait(Review(f"{shlex.join(effect.argv)} ?", lines, yes="Do it"))


def diff_lines(before: str, after: str) -> list[Line]:
    """What is different, as a unified diff without its heads."""
    lines: list[Line] = []
    texts = (before.splitlines(), after.splitlines())
    for line in list(difflib.unified_diff(*texts, n=1, lineterm=""))[2:]:
        role = {"+": "dialog-key", "-": "danger", "@": "dialog-dim"}.get(line[:1], "dialog")
        first, *rest = wrap(line, _WIDTH - 2)  # what is different may stand at the end of a long line
        lines += plain([first, *(f"  {more}" for more in rest)], role)
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
