"""What the line has carried, for those who want to know (F12)."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(slots=True)
class Statistics:
    """Counts since the driver started."""

    bytes_sent: int = 0
    frames_sent: int = 0
    frames_skipped: int = 0
    """Frames that Textual painted and that a newer one replaced before the line had room."""
    bytes_per_second: float | None = None
    """What the line carries, as set on the tty or as measured; None while unknown (fast enough not to matter)."""
    bytes_waiting: int = 0
    """Bytes written, and not yet known to have left."""
    surprises: int = 0
    """Echoes that were written as foreseen (`reflex`) and were to look otherwise: all was drawn anew."""
    noise_bytes: int = 0
    """Input that was no key and no answer: line noise, cut sequences."""

    @property
    def seconds_behind(self) -> float:
        """How long the line will need for what is waiting; 0 when that is unknown."""
        return self.bytes_waiting / self.bytes_per_second if self.bytes_per_second else 0.0
