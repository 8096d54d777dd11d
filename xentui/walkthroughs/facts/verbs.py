"""All the forms, and finding the one in which a check states its fact."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from xentui.walkthroughs.facts import disks, domains, files, system
from xentui.walkthroughs.facts.fact import Fact, Form
from xentui.walkthroughs.variables import expand, expand_pattern, expand_shell

FORMS: tuple[Form, ...] = (*domains.FORMS, *files.FORMS, *disks.FORMS, *system.FORMS)
_PATTERNS = [(form, form.pattern) for form in FORMS]


class FactError(ValueError):
    """This states no fact that we know. One sentence."""


def read_fact(text: str, values: Mapping[str, str]) -> Fact:
    """The fact that a check states, with the answers in it. Raises FactError."""
    for form, pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None and (form.verb == "sh:" or pattern.fullmatch(expand(text, values)) is not None):
            words = {name: _filled(form, name, word, values) for name, word in found.groupdict().items() if word}
            return form.make(expand(text, values), words)
    raise FactError(_advice(text))


def _filled(form: Form, name: str, word: str, values: Mapping[str, str]) -> str:
    if form.verb == "sh:":
        return expand_shell(word, values)
    return expand_pattern(word, values) if name == "pattern" else expand(word, values)


def _advice(text: str) -> str:
    verb = text.split()[0] if text.split() else ""
    mine = [in_words(form) for form in FORMS if form.verb == verb or verb in _choices(form.verb)]
    if mine:
        return f"{text[:60]!r} is not a way to state a fact: there is  {';  '.join(mine)}"
    verbs = sorted({word for form in FORMS for word in _choices(form.verb)})
    near = difflib.get_close_matches(verb, verbs, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f": there are {', '.join(verbs)}"
    return f"unknown verb {verb[:40]!r}{hint}"


def _choices(verb: str) -> list[str]:
    """The words that can stand first: a place with choices has several."""
    return verb.strip("<>").partition(":")[2].split("|") if verb.startswith("<") else [verb]


def in_words(form: Form) -> str:
    """A form as an author reads it: NAME and PATH for what is to be put there, a|b for a choice."""
    return " ".join(_in_words(word) for word in form.words.split())


def _in_words(word: str) -> str:
    if not word.startswith("<"):
        return word
    label, colon, choices = word.removeprefix("<").removesuffix(">").partition(":")
    if "=" in label and "|" not in label:
        return label.partition("=")[0].upper()
    if colon:
        return "VALUE" if choices == "\\S+" else choices
    return {"pattern": "/PATTERN/", "op": ">=", "count": "NUMBER", "volume": "VG/LV", "address": "HOST:PORT",
            "rest": "COMMAND"}.get(label, label.upper())  # fmt: skip
