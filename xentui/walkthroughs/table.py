"""The result of a self-test, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.walkthroughs.selftest import Outcome


def table(result: Outcome) -> Iterator[str]:
    """A line for each step, then what was wrong."""
    walkthrough = result.walkthrough
    yield f"{walkthrough.id}: {walkthrough.title}"
    if result.skipped:
        yield f"  skipped: {result.skipped}"
        return
    yield f"  {'step':<4} {'before':<7} {'solved':<7} {'undone':<7} title"
    for row in result.steps:
        yield f"  {row.number:<4} {row.before:<7} {row.solved:<7} {row.undone:<7} {row.step.title}"
    yield f"  {'end':<4} {'':<7} {'':<7} {result.cleaned:<7} clean-up leaves no trace"
    for problem in [*(problem for row in result.steps for problem in row.problems), *result.problems]:
        yield f"  ! {problem}"
    yield f"  {'passed' if result.ok else 'FAILED'}"


def result_json(result: Outcome) -> dict[str, object]:
    """The same as JSON."""
    return {
        "id": result.walkthrough.id,
        "file": result.walkthrough.file,
        "ok": result.ok,
        "skipped": result.skipped or None,
        "steps": [
            {
                "id": row.step.id,
                "before": row.before,
                "solved": row.solved,
                "undone": row.undone,
                "problems": row.problems,
            }
            for row in result.steps
        ],
        "clean_up": result.cleaned,
        "problems": result.problems,
    }
