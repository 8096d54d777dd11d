"""Carrying out a block's commands where nobody types them: each block in a bash of its own, in the folder /."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, printable
from xentui.walkthroughs.consoles import OwnConsoles
from xentui.walkthroughs.variables import expand, expand_shell
from xentui.walkthroughs.walkthrough import Block
from xentui.walkthroughs.world import UnknownError


@dataclass(frozen=True, slots=True)
class Done:
    """How a block ended: well, or the sentence that says what happened. `said` is all that it printed."""

    ok: bool
    sentence: str = ""
    said: str = ""


def carry_out(
    host: Host,
    block: Block,
    values: Mapping[str, str],
    consoles: OwnConsoles,
    cancel: threading.Event | None = None,
) -> Done:
    """Run it, within its own time. Blocks. Whatever happens comes back as a `Done`."""
    text = expand_shell(block.text, values)
    if block.console is not None:
        try:
            consoles.type(expand(block.console, values), text)
        except UnknownError as error:
            return Done(False, str(error))
        return Done(True)
    try:
        done = host.runner.run(
            host.inside_argv(["env", "-C", "/", "bash", "-c", text]),
            deadline=block.seconds,
            shown=["bash", "-c", text],
            check=False,
            cancel=cancel,
        )
    except (CommandError, HostError) as error:
        said = (error.record.stdout + error.record.stderr) if isinstance(error, CommandError) else ""
        sentence = str(error).replace("bash: no answer within", "it did not end within")
        return Done(False, sentence, said)
    said = done.stdout + done.stderr
    if done.ok:
        return Done(True, said=said)
    last = [printable(line) for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return Done(False, last[-1] if last else f"it ended with status {done.status}", said)
