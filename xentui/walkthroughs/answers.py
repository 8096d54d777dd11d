"""Answers to what a walkthrough asks, given beforehand: on the command line, or the author's defaults."""

from __future__ import annotations

from collections.abc import Sequence

from xentui.walkthroughs.variables import complaint
from xentui.walkthroughs.walkthrough import Walkthrough


class AnswerError(ValueError):
    """An answer that will not do, or that is missing. One sentence."""


def chosen(walkthrough: Walkthrough, words: Sequence[str]) -> dict[str, str]:
    """The answers in words like ``guest=server02``, those that are for this walkthrough. Raises AnswerError."""
    found = {}
    for word in words:
        name, equals, answer = word.partition("=")
        if not equals:
            raise AnswerError(f"--set {word!r}: give it as NAME=ANSWER")
        for ask in walkthrough.asks:
            if ask.name == name:
                wrong = complaint(ask.kind, answer)
                if wrong is not None:
                    raise AnswerError(f"--set {name}={answer!r}: {wrong}")
                found[name] = answer
    return found


def given(walkthrough: Walkthrough, words: Sequence[str]) -> dict[str, str]:
    """The same, with the defaults for the rest. Raises AnswerError if one has none."""
    found = {ask.name: ask.default for ask in walkthrough.asks if ask.default} | chosen(walkthrough, words)
    for ask in walkthrough.asks:
        if ask.name not in found:
            raise AnswerError(f"{walkthrough.id} asks: {ask.question} Give it with --set {ask.name}=...")
    return found
