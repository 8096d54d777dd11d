"""What a checker says about a configuration file, and the edits that mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: `error` = xl refuses the file; `warning` = xl takes it, but not as it is written, or
    does harm with it; `info` = style, and good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `length` characters from offset `start` of the text."""

    start: int
    length: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A mechanical mend: what it does, in words, and its edits, none of which overlap."""

    says: str
    edits: tuple[Edit, ...]

    def apply(self, text: str) -> str:
        """The text mended; all that the edits do not name stays as it is, byte for byte."""
        for edit in sorted(self.edits, key=lambda edit: edit.start, reverse=True):
            text = text[: edit.start] + edit.replacement + text[edit.start + edit.length :]
        return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say. `line` and `column` count from 1; `code` is one of xentui.xlcfg.codes.CODES; `key` is the
    setting it is about, "" for the file as a whole."""

    line: int
    column: int
    severity: Severity
    code: str
    key: str
    message: str
    repair: Repair | None = None

    def json(self, filename: str) -> dict[str, str | int]:
        """As `xentui config check --json` prints it."""
        return {
            "file": filename,
            "line": self.line,
            "column": self.column,
            "severity": self.severity.value,
            "code": self.code,
            "key": self.key,
            "message": self.message,
        }
