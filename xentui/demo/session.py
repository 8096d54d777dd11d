"""One call of a tool: what it was asked, and the way back to its terminal."""

from __future__ import annotations

import asyncio
import getopt
from dataclasses import dataclass
from pathlib import Path

from xentui.demo.machine import Machine


class Exit(Exception):  # noqa: N818 - the tool's exit, not an error of ours
    """The tool ends with `status`, after saying `message` on stderr."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Session:
    """`folder` is where the tool was called; `terminal` whether a person looks at it."""

    machine: Machine
    program: str
    words: list[str]
    folder: str
    terminal: bool
    writer: asyncio.StreamWriter
    dry_run: bool = False

    async def _send(self, kind: bytes, text: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        self.writer.write(kind + len(data).to_bytes(4, "big") + data)
        await self.writer.drain()

    async def out(self, text: str) -> None:
        if text:
            await self._send(b"o", text)

    async def error(self, text: str) -> None:
        if text:
            await self._send(b"e", text)

    async def status(self, status: int) -> None:
        await self._send(b"s", str(status))

    async def become_console(self, words: list[str]) -> None:
        """The tool goes on as xenconsole, as xl does by exec."""
        program = str(self.machine.layout.lib / "xenconsole")
        await self._send(b"x", "\0".join([program, *words]))

    def path(self, path: str) -> Path:
        """A file that the caller named."""
        return self.machine.layout.path(path, self.folder)


def options(
    words: list[str], command: str, short: str, long: list[str] | None = None, *, needs: int = 0
) -> tuple[dict[str, str], list[str]]:
    """The options and the other words of an xl command, as xl's def_getopt takes them. Raises Exit."""
    try:
        found, rest = getopt.gnu_getopt(words, short + "h", [*(long or []), "help"])
    except getopt.GetoptError as error:
        raise Exit(2, f"option `{error.opt[:1]}' not supported.\n") from error
    chosen = dict(found)
    if "-h" in chosen or "--help" in chosen:
        raise Exit(0, f"Usage: xl {command} (see `man xl`)\n")
    if len(rest) < needs:
        plural = "s" if needs > 1 else ""
        raise Exit(
            2, f"'xl {command}' requires at least {needs} argument{plural}.\n\nUsage: xl {command} (see `man xl`)\n"
        )
    return chosen, rest
