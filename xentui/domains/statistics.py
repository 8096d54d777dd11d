"""Live rates of every domain, from one long-lived ``xentop -b -f``.

Format: Xen's tools/xentop/xentop.c. A line is read from its end: the name may hold blanks, and dom0's
maximum memory is the two words ``no limit``. The first iteration's CPU(%) means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xentui.domains.merge import Rates
from xentui.domains.xl_output import ListRow
from xentui.host import Host


class Statistics:
    """Rates by domain name."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def rates(self, rows: Sequence[ListRow]) -> Mapping[str, Rates]:
        return {}
