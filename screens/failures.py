"""What went wrong, in words for the dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xentui.domains.toolstack import ToolstackError
from xentui.guests.errors import GuestError
from xentui.subprocesses import CommandError


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told in a dialog: an action that did not work, one sentence, and all that the tool said. Or, in another
    `role`, what there is to read after one that did."""

    what: str
    headline: str
    details: str
    role: str = "danger"


def failure_of(what: str, error: Exception) -> Failure:
    """The failure that `error` is."""
    if isinstance(error, CommandError):
        return Failure(what, error.headline, f"$ {error.record.shell}\n{error.details}")
    if isinstance(error, ToolstackError | GuestError):
        return Failure(what, error.headline, error.details)
    return Failure(what, str(error) or type(error).__name__, f"{type(error).__name__}: {error}")


def merged(failures: Sequence[Failure]) -> tuple[str, str]:
    """Headline and details for one dialog about all of them."""
    if len(failures) == 1:
        failure = failures[0]
        return f"{failure.what}: {failure.headline}", failure.details
    parts = [f"{failure.what}: {failure.headline}\n{failure.details}" for failure in failures]
    return f"{len(failures)} actions did not work.", "\n\n".join(parts)
