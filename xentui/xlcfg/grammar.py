"""Reading a text that may have errors in it: each is reported, the line left out, and the rest read."""

from __future__ import annotations

import re

from xentui.xlcfg.findings import Edit, Finding, Repair, Severity
from xentui.xlcfg.parser import Config, ConfigError, parse

#: After so many errors in one file it is no configuration.
_MOST = 20

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_KEY = re.compile(r"[ \t;]*([A-Za-z_][._0-9A-Za-z]*)[ \t]*\+?=")
_SIZE = re.compile(r"([0-9]+)\s*([kKmMgGtT])(?:i?[bB])?(?![0-9A-Za-z])")
_NEGATIVE = re.compile(r"-[0-9]+")
_PYTHON = re.compile(r"\s*(?:import|from|def|if|else|elif|for|while|print|try|class|with|return)\b")
_FLAGS = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}
_FACTORS = {"k": 0, "m": 1, "g": 1024, "t": 1024 * 1024}


def read(text: str, filename: str = "") -> tuple[Config, list[Finding]]:
    """The settings that could be read, and what is wrong with the rest. Offsets are those of `text`."""
    findings: list[Finding] = []
    legible = text
    if "\r\n" in text:
        line, column = _position(text, text.index("\r"))
        edits = tuple(Edit(found.start(), 1, "") for found in re.finditer("\r(?=\n)", text))
        says = f"the file has DOS line ends ({len(edits)}); xl reads none of it"
        repair = Repair("make the line ends Unix's", edits)
        findings.append(Finding(line, column, Severity.ERROR, "dos-line-ends", "", says, repair))
        legible = legible.replace("\r\n", " \n")
    while True:
        try:
            return parse(legible, filename), findings
        except ConfigError as error:
            if len(findings) == _MOST:
                return Config(), findings
            findings.append(_finding(text, error))
            before, legible = legible, _without_line(legible, error)
            if legible == before:
                return Config(), findings


def _in_list(text: str, error: ConfigError) -> bool:
    """Whether the next setting was met before a list was closed."""
    if not error.message.startswith("expected , or ]"):
        return False
    start = _offset(text, error.line, 1)
    return _KEY.match(text, start) is not None


def _without_line(text: str, error: ConfigError) -> str:
    """The text with the line blanked where the error is, so that all other places stay the same."""
    if "never closed" in error.message:
        start = text.rfind("\n", 0, _offset(text, error.line, error.column)) + 1
        return text[:start] + re.sub(r"[^\n]", " ", text[start:])
    if _in_list(text, error):  # the lines of that list, back to its key
        end = _offset(text, error.line, 1)
        start = end
        while start and (start == end or not _KEY.match(text, start)):
            start = text.rfind("\n", 0, start - 1) + 1
        return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    start = _offset(text, error.line, 1)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    if not text[start:end].strip():  # what is missing on this line began on the one before
        end = max(start, end)
        before = text.rfind("\n", 0, max(start - 1, 0)) + 1
        start = before if text[before:end].strip() else 0
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


def _finding(text: str, error: ConfigError) -> Finding:
    at = _offset(text, error.line, error.column)
    end = text.find("\n", at)
    rest = text[at : len(text) if end < 0 else end]
    line_start = text.rfind("\n", 0, at) + 1
    line = text[line_start : at + len(rest)]
    key = found[1] if (found := _KEY.match(line)) else ""
    code, message, repair = _explain(error, text, at, rest, line, key)
    return Finding(error.line, error.column, Severity.ERROR, code, key, message, repair)


def _explain(error: ConfigError, text: str, at: int, rest: str, line: str, key: str) -> tuple[str, str, Repair | None]:
    message = error.message
    if "last line must end" in message:
        return "no-final-newline", message, Repair("end the last line", (Edit(len(text), 0, "\n"),))
    if "not closed" in message:
        return "unclosed-quote", message, None
    if _in_list(text, error):
        return "unclosed-list", f"{key} begins here, but the list before it is not closed by ]", None
    if "never closed" in message:
        return "unclosed-list", message, None
    if "NUL" in message:
        return "nul-byte", message, Repair("take the NUL byte out", (Edit(at, 1, ""),))
    if "no escape" in message:
        return "bad-escape", message, Repair("write \\\\", (Edit(at, 1, "\\\\"),))
    if "cannot join" in message:
        return "adds-other-kind", message, None
    if "crash" in message or "nested" in message:
        return "syntax", message, None
    if _PYTHON.match(line):
        return (
            "python",
            "this is Python, as xm read it; xl does not. xentui config convert makes today's file of it",
            None,
        )
    value_at = line.find("=") + 1
    value_start = at - len(line) + len(rest)
    value_start += value_at + len(line[value_at:]) - len(line[value_at:].lstrip())
    value = line[value_at:].strip() if value_at else ""
    plain = re.split(r"\s*(?:#|;|$)", value, maxsplit=1)[0].strip()
    if plain and key and at >= value_start:
        if plain.lower() in _FLAGS:
            number = _FLAGS[plain.lower()]
            says = f"{plain} is no value: xl knows 1 and 0"
            return "word-flag", says, Repair(f"write {number}", (Edit(value_start, len(plain), number),))
        if (size := _SIZE.fullmatch(plain)) and _FACTORS[size[2].lower()]:
            number = str(int(size[1]) * _FACTORS[size[2].lower()])
            says = f"{plain} is no number to xl: write it in MiB, without a unit"
            return "size-with-unit", says, Repair(f"write {number}", (Edit(value_start, len(plain), number),))
        if _NEGATIVE.fullmatch(plain):
            says = "a negative number must be quoted"
            return "negative-number", says, Repair(f'write "{plain}"', (Edit(value_start, len(plain), f'"{plain}"'),))
        if _WORD.fullmatch(plain) or re.fullmatch(r"[A-Za-z0-9_./:,=-]+", plain):
            says = f"{plain[:40]} must be quoted"
            return "unquoted-text", says, Repair(f'write "{plain}"', (Edit(value_start, len(plain), f'"{plain}"'),))
    if key and key != key.lower() and at < line.find("=") + at - len(line) + len(rest):
        begin = at - len(line) + len(rest) + line.index(key)
        return (
            "upper-case",
            f"{key}: keys are lower case",
            Repair(f"write {key.lower()}", (Edit(begin, len(key), key.lower()),)),
        )
    if "no longer understood" in message:
        return "python", f"{message}. xentui config convert makes today's file of it", None
    return "syntax", message, None


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    return min(start + column - 1, len(text))


def _position(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
