"""What the checker's rules work on: the parsed text, the type of the guest, and the findings so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from xentui.xlcfg.findings import Edit, Finding, Repair, Severity
from xentui.xlcfg.parser import Config, Setting, Value

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

#: Looked through in this order, for xl takes the first that begins with what is written.
_TYPES = ("hvm", "pv", "pvh")
_BUILDERS = ("hvm", "generic")


@dataclass(slots=True)
class Sheet:
    """A file under examination. `whole` is False where parts were unreadable: what is missing proves nothing then."""

    text: str
    config: Config
    whole: bool = True
    findings: list[Finding] = field(default_factory=list)

    @property
    def guest(self) -> str:
        """The type of guest that xl would make: pv, pvh or hvm."""
        builder = self.config.string("builder")
        if builder is not None and (found := prefixed(builder, _BUILDERS)):
            return "hvm" if found == "hvm" else "pv"
        return prefixed(self.config.string("type"), _TYPES) or "pv"

    def setting(self, key: str) -> Setting | None:
        """The last setting of the key, the one that counts."""
        return next((s for s in reversed(self.config.settings) if s.key == key), None)

    def flag(self, key: str, default: bool) -> bool:
        number = self.config.number(key)
        return default if number is None else bool(number)

    def items(self, key: str) -> list[Value]:
        """The single values in a list, up to the first list in it, where xl stops reading."""
        value = self.config.value(key)
        found: list[Value] = []
        if value is not None and isinstance(value.content, tuple):
            for item in value.content:
                if item.is_list:
                    break
                found.append(item)
        return found

    def report(
        self,
        severity: Severity,
        code: str,
        key: str,
        message: str,
        *,
        at: Value | Setting | None = None,
        repair: Repair | None = None,
    ) -> None:
        """Say something about `key`, at `at`, or where the key is set, or at the file's beginning."""
        place = at or self.setting(key)
        line, column = (place.line, place.column) if place else (1, 1)
        self.findings.append(Finding(line, column, severity, code, key, message, repair))

    # Repairs.

    def instead(self, value: Value, replacement: str) -> Repair:
        """Write `replacement` where the value stands."""
        return Repair(f"write {replacement}", (Edit(value.start, value.end - value.start, replacement),))

    def text_instead(self, value: Value, content: str) -> Repair:
        """Write another text where the value stands, in its own quotes."""
        return self.instead(value, self.quoted(value, content))

    def quoted(self, value: Value, content: str) -> str:
        quote = self.text[value.start] if value.quoted and self.text[value.start] in "\"'" else '"'
        return quote_text(content, quote)

    def line_after(self, setting: Setting, line: str) -> Repair:
        """Write a line of its own below the one where the setting ends."""
        newline = self.text.find("\n", setting.value.end)
        end = "\r\n" if "\r\n" in self.text else "\n"
        place, text = (len(self.text), f"{end}{line}") if newline < 0 else (newline + 1, f"{line}{end}")
        return Repair(f"add {line}", (Edit(place, 0, text),))

    def rename(self, setting: Setting, name: str) -> Repair:
        return Repair(f"write {name} instead of {setting.key}", (Edit(self.offset(setting), len(setting.key), name),))

    def without(self, setting: Setting) -> Repair:
        """Take the setting out, with its line if it has one for itself."""
        start, end = self.offset(setting), setting.value.end
        line_start = self.text.rfind("\n", 0, start) + 1
        newline = self.text.find("\n", end)
        line_end = len(self.text) if newline < 0 else newline + 1
        rest = self.text[end:line_end].strip()
        if not self.text[line_start:start].strip() and (not rest or rest.startswith("#")):
            start, end = line_start, line_end
        elif rest.startswith(";"):
            end = self.text.index(";", end) + 1
        elif rest or not self.text[line_start:start].rstrip().endswith(";"):
            end = setting.value.end
        return Repair(f"leave {setting.key} away", (Edit(start, end - start, ""),))

    def offset(self, setting: Setting) -> int:
        """Where the setting's key stands; between it and the value there is only = and blanks."""
        return self.text.rindex(setting.key, 0, setting.value.start)


def prefixed(word: str | None, among: tuple[str, ...]) -> str | None:
    """The first of `among` that begins with `word`, which is how xl compares types."""
    return None if word is None else next((full for full in among if full.startswith(word)), None)


def quote_text(content: str, quote: str = '"') -> str:
    """`content` as a string of the language."""
    escaped = content.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return quote + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + quote
