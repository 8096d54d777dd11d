"""The guest's shell: one line at a time, with `;`, `&&`, `|`, `>` and `>>`, and one kind of loop."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from xentui.demo.guest import commands
from xentui.demo.guest.line_editor import END, INTERRUPT, LineEditor
from xentui.demo.guest.program import Program, program_from

if TYPE_CHECKING:
    from xentui.demo.guest.kernel import Kernel

_LOOP = re.compile(r"while\s+(?:true|:)\s*;\s*do\s+(?P<body>.+?)\s*;?\s*done\s*$")
_OPERATORS = (";", "&", "&&", "||", "|", ">", ">>")


class Shell(Program):
    name = "sh"

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.user: str = "livexen"
        self.folder: str = "/home/livexen"
        self.status = 0
        self.editor = LineEditor(kernel.write, self._line)

    @property
    def home(self) -> str:
        return "/root" if self.user == "root" else "/home/livexen"

    @property
    def prompt(self) -> str:
        folder = "~" + self.folder[len(self.home) :] if self.folder.startswith(self.home) else self.folder
        return f"{self.user}@{self.kernel.name}:{folder}{'#' if self.user == 'root' else '$'} "

    def start(self) -> None:
        self.kernel.write(self.prompt)

    resume = start

    def feed(self, data: bytes) -> None:
        self.editor.feed(data)

    def absolute(self, path: str) -> str:
        if path == "~" or path.startswith("~/"):
            path = self.home + path[1:]
        return posixpath.normpath(posixpath.join(self.folder, path))

    def _line(self, line: str) -> None:
        if line == "\x0c":
            self.kernel.write(self.prompt + self.editor.text)
            return
        if line == END:
            self.kernel.write("logout\n" if len(self.kernel.programs) < 3 else "exit\n")
            self.end()
            return
        if line != INTERRUPT:
            loop = _LOOP.match(line.strip())
            if loop:
                self.kernel.run(program_from(self.kernel, {"program": "loop", "body": loop["body"]}))
            else:
                self.execute(line)
        if self.active:
            self.kernel.write(self.prompt)

    def execute(self, line: str) -> None:
        """Run a line. A program that takes the terminal ends it: what follows it is not run."""
        try:
            words = _words(line)
        except ValueError as error:
            self.kernel.write(f"-sh: syntax error: {error}\n")
            self.status = 2
            return
        for pipeline, wanted in _pipelines(words):
            if wanted is not None and wanted is not (self.status == 0):
                continue
            self._pipeline(pipeline)
            if not self.active:
                return

    def _pipeline(self, pipeline: list[list[str]]) -> None:
        text: str | None = None
        for position, part in enumerate(pipeline):
            words, target, adds = _redirection(part)
            if not words and target is None:
                continue
            output = self._command(words, text) if words else ""
            if target is not None:
                self._store(self.absolute(target), output, adds)
                output = ""
            if position == len(pipeline) - 1:
                self.kernel.write(output)
            text = output

    def _command(self, words: list[str], stdin: str | None) -> str:
        if words[0] == "sudo" and len(words) > 1 and not words[1].startswith("-"):
            user, self.user = self.user, "root"
            try:
                return self._command(words[1:], stdin)
            finally:
                self.user = user
        call = commands.Call(self, words, stdin)
        output, self.status = commands.run(call)
        return output

    def _store(self, path: str, text: str, adds: bool) -> None:
        if path == "/dev/null":
            return
        if path == "/proc/sysrq-trigger":
            if self.user != "root" and "c" in text:
                self.kernel.write("-sh: /proc/sysrq-trigger: Permission denied\n")
                self.status = 1
            elif text.startswith("c"):
                from xentui.demo.domain import Reason

                self.kernel.crash(Reason.CRASH)
            return
        earlier = (self.kernel.files.read(path) or "") if adds else ""
        if not self.kernel.files.write(path, earlier + text):
            self.kernel.write(f"-sh: cannot create {path}: Directory nonexistent\n")
            self.status = 2

    def snapshot(self) -> dict[str, Any]:
        return {
            "program": self.name,
            "user": self.user,
            "folder": self.folder,
            "text": self.editor.text,
            "history": self.editor.history,
        }

    def take(self, state: dict[str, Any]) -> None:
        self.user = state.get("user", self.user)
        self.folder = state.get("folder", self.home)
        self.editor.history = list(state.get("history", []))
        self.editor.reset(state.get("text", ""))


def _words(line: str) -> list[str]:
    """Raises ValueError with what a shell says about it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        raise ValueError("unterminated quoted string") from None
    for word in words:
        if word and set(word) <= set(";|&>") and word not in _OPERATORS:
            raise ValueError(f'"{word}" unexpected')
    return words


def _pipelines(words: list[str]) -> list[tuple[list[list[str]], bool | None]]:
    """Split at ``;``, ``&&`` and ``||``; each part with how the one before must have gone, None for any."""
    found: list[tuple[list[list[str]], bool | None]] = []
    current: list[list[str]] = [[]]
    wanted: bool | None = None
    for word in [*words, ";"]:
        if word in (";", "&", "&&", "||"):
            if current != [[]]:
                found.append((current, wanted))
            current, wanted = [[]], {"&&": True, "||": False}.get(word)
        elif word == "|":
            current.append([])
        else:
            current[-1].append(word)
    return found


def _redirection(words: list[str]) -> tuple[list[str], str | None, bool]:
    kept: list[str] = []
    target, adds = None, False
    rest = iter(words)
    for word in rest:
        if word in (">", ">>"):
            target, adds = next(rest, ""), word == ">>"
        else:
            kept.append(word)
    return kept, target, adds
