"""What goes wrong while a guest is made or changed, as a sentence for the user."""

from __future__ import annotations


class GuestError(ValueError):
    """It cannot be done, or did not work. `str()` is one sentence: what, where, what to do; `details` is all that
    the tool in question said."""

    def __init__(self, headline: str, details: str = "") -> None:
        super().__init__(headline)
        self.headline = headline
        self.details = details or headline


class GuestCancelledError(GuestError):
    """The user cancelled it; what had been made is gone again."""
