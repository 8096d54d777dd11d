"""Rules about single keys: unknown ones, and values of the wrong kind."""

from __future__ import annotations

import re
from collections import Counter

from xentui.xlcfg.cnumbers import ULONG_MAX, strtoul
from xentui.xlcfg.findings import Edit, Repair
from xentui.xlcfg.keys import IGNORED, RENAMED, XM_KEYS, Key, keys, nearest
from xentui.xlcfg.parser import Setting, Value, as_number
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet, prefixed

_FLAGS = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}
_SIZE = re.compile(r"\s*([0-9]+)\s*([kKmMgGtT])?(?:i?[bB])?\s*")
_MIB = {"m": 1, "g": 1024, "t": 1024 * 1024}
_OCTAL = re.compile(r"\s*-?0[0-7]+\s*")
_DECIMAL = re.compile(r"\s*-?[0-9]+\s*")

#: xl compares these letter by letter, the other words without regard to case.
_EXACT = {"vga", "device_model_version", "ms_vm_genid", "mca_caps"}
#: A number that is none, or out of range, makes xl give up, some without a word.
_NUMBER_REFUSED = {"max_grant_frames", "max_maptrack_frames", "max_grant_version"}
#: A list or a text in the other's place makes xl give up.
_KIND_REFUSED = {"device_model_args", "device_model_args_pv", "device_model_args_hvm", "mca_caps", "smbios"}
#: Numbers are an old way to name these words.
_NUMBERED = {"tsc_mode": 3, "timer_mode": 4, "altp2m": 4}
#: Where a word that xl does not know is no error to it.
_WORD_TAKEN = {"spice_image_compression", "spice_streaming_video"}
#: Read for every type of guest, whatever they are for.
_ALWAYS_READ = {
    "timer_mode",
    "device_model_version",
    "device_model_args_hvm",
    "altp2m",
    "tsc_mode",
    "passthrough",
}
#: A list inside the list crashes xl, or makes it give up.
_NEVER_NESTED = {"viridian", "mca_caps", "smbios"}
#: Where a list in the list is a matter for another rule.
_NESTED_ELSEWHERE = {"cpus", "cpus_soft", "ioports", "irqs", "iomem", "llc_colors"}
#: With more of them xl crashes.
_MOST_COLORS = 2**31


def check(sheet: Sheet) -> None:
    table = keys()
    for setting in sheet.config.settings:
        if setting.key not in table:
            _unknown(sheet, setting)
    _twice(sheet)
    for name in list(sheet.config.keys()):
        value = sheet.config.value(name)
        if name in table and value is not None:
            _known(sheet, table[name], value)


def _unknown(sheet: Sheet, setting: Setting) -> None:
    key = setting.key
    if key in XM_KEYS:
        new = RENAMED.get(key)
        repair = sheet.rename(setting, new) if new else sheet.without(setting) if "may go" in XM_KEYS[key] else None
        sheet.report(
            WARNING, "xm-key", key, f"only xm read {key}; xl ignores it: {XM_KEYS[key]}", at=setting, repair=repair
        )
    elif meant := nearest(key, keys()):
        says = f"xl does not know {key} and ignores it; {meant} was meant?"
        sheet.report(WARNING, "unknown-key", key, says, at=setting, repair=sheet.rename(setting, meant))
    else:
        sheet.report(WARNING, "unknown-key", key, f"xl does not know {key} and ignores it", at=setting)


def _twice(sheet: Sheet) -> None:
    counts = Counter(setting.key for setting in sheet.config.settings)
    last: dict[str, Setting] = {}
    for setting in sheet.config.settings:
        earlier = last.get(setting.key)
        if counts[setting.key] > 1 and earlier is not None and not setting.adds:
            says = f"{setting.key} is set again on line {setting.line}; only the last one counts"
            sheet.report(WARNING, "set-twice", setting.key, says, at=earlier, repair=sheet.without(earlier))
        last[setting.key] = setting


def _known(sheet: Sheet, key: Key, value: Value) -> None:
    setting = sheet.setting(key.name)
    if key.name in IGNORED:
        repair = sheet.without(setting) if setting else None
        sheet.report(WARNING, "ignored-key", key.name, f"xl ignores {key.name}: {IGNORED[key.name]}", repair=repair)
        return
    if key.arch == "arm":
        sheet.report(
            WARNING, "arm-only", key.name, f"{key.name} is for Arm; a PC's xl reads it and does nothing with it"
        )
        if key.kind == "words" and not value.is_list:
            _word(sheet, key, value)
        elif key.name == "llc_colors" and value.is_list:
            _colors(sheet, value)
        return
    if sheet.guest not in key.guests and sheet.whole and key.name not in ("builder", "timer_mode", "vnuma"):
        if not _empty(value):
            for_whom = " and ".join(guest.upper() for guest in key.guests)
            says = f"{key.name} is for {for_whom} guests; this one is {sheet.guest.upper()}, and it does nothing"
            sheet.report(WARNING, "not-for-type", key.name, says)
        if key.name not in _ALWAYS_READ:
            return
    _kind(sheet, key, value, setting)


def _empty(value: Value) -> bool:
    return not value.content or value.content == "0"


def _kind(sheet: Sheet, key: Key, value: Value, setting: Setting | None) -> None:
    kinds = key.kind.split(" or ")
    if value.is_list:
        if not any(kind.startswith("list") for kind in kinds):
            refused = key.name == "name" or key.name in _NUMBER_REFUSED
            severity = ERROR if refused else WARNING
            does = "and refuses the file" if refused else f"and goes on as if it were not there{_else(key)}"
            sheet.report(severity, "list-for-single", key.name, f"xl takes no list for {key.name}, {does}", at=value)
        elif key.kind != "list of lists" and key.name not in _NESTED_ELSEWHERE:
            _nested(sheet, key, value)
        return
    if kinds in (["list"], ["list of lists"]):
        _single_for_list(sheet, key, value, setting)
        return
    if setting is not None and setting.adds:
        if "words" in kinds:
            _added_word(sheet, key, value)
        elif kinds[0] in ("number", "flag"):
            _added_number(sheet, key, setting)
        return
    if kinds[0] == "number":
        _number(sheet, key, value)
    elif kinds[0] == "flag":
        _flag(sheet, key, value)
    elif kinds[0] == "words":
        _word(sheet, key, value)


def _added_word(sheet: Sheet, key: Key, value: Value) -> None:
    """Of a +=, xl takes the joined text, and never a number in a word's place."""
    text = str(value.content)
    exact = key.name in _EXACT or key.name.startswith("on_") or key.name in ("type", "builder")
    if key.name in ("type", "builder") and (full := prefixed(text, tuple(sorted(key.words)))):
        if text != full:
            sheet.report(WARNING, "type-prefix", key.name, f"xl takes {text!r} for {full!r}", at=value)
    elif text not in key.words and (exact or text.lower() not in key.words):
        says = f"+= joins texts, and {text[:40]!r} is no {key.name}"
        sheet.report(WARNING if key.name in _WORD_TAKEN else ERROR, "unknown-word", key.name, says, at=value)


def _added_number(sheet: Sheet, key: Key, setting: Setting) -> None:
    """xlu_cfg_get_long takes no number from a +=, not even from the first."""
    refused = key.name in _NUMBER_REFUSED
    does = "and refuses the file" if refused else f"and goes on without{_else(key)}"
    repair = None
    if _parts(sheet, key.name) == 1:
        start = sheet.text.index("+=", sheet.offset(setting))
        repair = Repair("write =", (Edit(start, 2, "="),))
    says = f"+= is for texts and lists: xl takes no number from it, {does}"
    sheet.report(ERROR if refused else WARNING, "adds-number", key.name, says, repair=repair)


def _colors(sheet: Sheet, value: Value) -> None:
    assert isinstance(value.content, tuple)  # noqa: S101
    for item in value.content:
        first = None if item.is_list else strtoul(str(item.content))
        last = strtoul(first[1][1:]) if first is not None and first[1].startswith("-") else first
        if first is None or not 0 <= (last or first)[0] - first[0] < _MOST_COLORS or first[0] == ULONG_MAX:
            says = f"{str(item.content)[:30]!r} is no range of colours, like 0-3"
            sheet.report(ERROR, "unknown-word", "llc_colors", says, at=item)


def _parts(sheet: Sheet, name: str) -> int:
    return sum(setting.key == name for setting in sheet.config.settings)


def _else(key: Key) -> str:
    unit = f" {key.unit}" if key.unit and key.default.isdigit() else ""
    return f" ({key.name} is then {key.default}{unit})" if key.default else ""


def _nested(sheet: Sheet, key: Key, value: Value) -> None:
    assert isinstance(value.content, tuple)  # noqa: S101
    for item in value.content:
        if item.is_list:
            if key.name in _NEVER_NESTED:
                sheet.report(ERROR, "nested-list", key.name, f"a list within {key.name}: xl refuses it", at=item)
            else:
                says = f"at a list within {key.name} xl stops reading: what follows is lost without a word"
                sheet.report(WARNING, "nested-list", key.name, says, at=item)
            break


def _single_for_list(sheet: Sheet, key: Key, value: Value, setting: Setting | None) -> None:
    repair = None
    if setting is not None and not setting.adds:
        repair = sheet.instead(value, f"[{sheet.text[value.start : value.end]}]")
    if key.name == "bootloader_args":
        says = "bootloader_args is a list now; xl still splits a text at its blanks"
        words = str(value.content).split()
        listed = "[" + ", ".join(sheet.quoted(value, word) for word in words) + "]"
        repair = sheet.instead(value, listed) if setting is not None and not setting.adds else None
        sheet.report(INFO, "old-form", key.name, says, at=value, repair=repair)
    elif key.name in _KIND_REFUSED:
        sheet.report(ERROR, "single-for-list", key.name, f"{key.name} must be a list", at=value, repair=repair)
    else:
        says = f"{key.name} must be a list; xl goes on as if it were not there"
        sheet.report(WARNING, "single-for-list", key.name, says, at=value, repair=repair)


def _number(sheet: Sheet, key: Key, value: Value) -> None:
    text = str(value.content)
    number = as_number(text)
    refused = key.name in _NUMBER_REFUSED
    if number is None:
        does = "refuses the file" if refused else f"goes on without{_else(key)}"
        severity = ERROR if refused else WARNING
        sheet.report(
            severity, "not-a-number", key.name, f"{text[:40]!r} is no number to xl, which {does}", at=value,
            repair=_number_repair(sheet, key, value),
        )  # fmt: skip
        return
    if _OCTAL.fullmatch(text) and number != int(text):
        plain = text.strip().lstrip("0") or "0"
        says = f"a leading 0 makes a number octal: {text.strip()} is {number}"
        sheet.report(WARNING, "octal", key.name, says, at=value, repair=sheet.instead(value, plain))
    if refused and not 0 <= number <= 2**31 - 1:
        sheet.report(
            ERROR, "out-of-range", key.name, f"{number} is out of range; xl refuses it without a word", at=value
        )
    elif key.name == "mmio_hole" and _outside(key, number):
        sheet.report(ERROR, "out-of-range", key.name, f"{number} MiB: {_range(key)}", at=value)
    elif key.name not in ("vcpus", "cpu_weight", "cap") and _outside(key, number):
        sheet.report(WARNING, "out-of-range", key.name, f"{number} makes no sense: {_range(key)}", at=value)


def _outside(key: Key, number: int) -> bool:
    return (key.minimum is not None and number < key.minimum) or (key.maximum is not None and number > key.maximum)


def _range(key: Key) -> str:
    unit = f" {key.unit}" if key.unit else ""
    if key.maximum is None:
        return f"it is at least {key.minimum}{unit}"
    return f"it is from {key.minimum} to {key.maximum}{unit}"


def _number_repair(sheet: Sheet, key: Key, value: Value) -> Repair | None:
    text = str(value.content)
    if text.strip().lower() in _FLAGS and key.name in ("vncviewer", "extratime"):
        return sheet.instead(value, _FLAGS[text.strip().lower()])
    if _DECIMAL.fullmatch(text):  # blanks after it, or 08 and 09, which are no octal numbers
        return sheet.instead(value, str(int(text))) if "-" not in text else None
    size = _SIZE.fullmatch(text)
    if size and key.unit == "MiB" and (size[2] or "m").lower() in _MIB:
        return sheet.instead(value, str(int(size[1]) * _MIB[(size[2] or "m").lower()]))
    return None


def _flag(sheet: Sheet, key: Key, value: Value) -> None:
    text = str(value.content)
    number = as_number(text)
    if number is None:
        if key.kind == "flag or words":
            _word(sheet, key, value)
            return
        new = _FLAGS.get(text.strip().lower())
        says = f"{text[:40]!r} is no value: xl knows 1 and 0, and goes on without{_else(key)}"
        sheet.report(WARNING, "word-flag", key.name, says, at=value, repair=sheet.instead(value, new) if new else None)
    elif number not in (0, 1):
        sheet.report(
            WARNING, "flag-number", key.name, f"{number} counts as 1", at=value, repair=sheet.instead(value, "1")
        )


def _word(sheet: Sheet, key: Key, value: Value) -> None:
    text = str(value.content)
    if text in key.words:
        return
    if key.name in ("type", "builder"):
        _type(sheet, key, value)
        return
    if key.name in _NUMBERED and (number := as_number(text)) is not None:
        _numbered(sheet, key, value, number)
        return
    exact = key.name in _EXACT or key.name.startswith("on_")
    meant = nearest(text, key.words)
    repair = sheet.text_instead(value, meant) if meant else None
    if text.lower() in key.words and not exact:
        sheet.report(INFO, "word-case", key.name, f"xl takes {text} for {text.lower()}", at=value, repair=repair)
        return
    says = f"{text[:40]!r} is no {key.name}; it is one of {', '.join(key.words[:12])}"
    severity = WARNING if key.name in _WORD_TAKEN else ERROR
    sheet.report(severity, "unknown-word", key.name, says, at=value, repair=repair)


def _type(sheet: Sheet, key: Key, value: Value) -> None:
    text = str(value.content)
    full = prefixed(text, ("hvm", "pv", "pvh") if key.name == "type" else ("hvm", "generic"))
    if full:
        says = f"{text!r} is not finished; xl takes it for {full!r}"
        sheet.report(WARNING, "type-prefix", key.name, says, at=value, repair=sheet.text_instead(value, full))
        return
    words = {"linux": "generic", "pv": "generic"} if key.name == "builder" else {}
    meant = words.get(text) or nearest(text, key.words)
    says = f"{text[:40]!r} is no {key.name}: it is one of {', '.join(key.words)}"
    repair = sheet.text_instead(value, meant) if meant else None
    sheet.report(ERROR, "unknown-word", key.name, says, at=value, repair=repair)


def _numbered(sheet: Sheet, key: Key, value: Value, number: int) -> None:
    if not 0 <= number < _NUMBERED[key.name]:
        says = f"{number} is no {key.name}; it is one of {', '.join(key.words)}"
        sheet.report(ERROR, "unknown-word", key.name, says, at=value)
    elif number < len(key.words):
        word = key.words[number]
        says = f"the number {number} is the old form of {word!r}"
        sheet.report(INFO, "old-form", key.name, says, at=value, repair=sheet.instead(value, f'"{word}"'))
