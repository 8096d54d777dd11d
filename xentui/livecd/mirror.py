"""Where Debian's packages come from: what this machine's own apt uses, or what the user names."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from xentui.livecd.tools import BuildError

_FORMAT = "$(SITE)|$(ORIGIN)|$(LABEL)"
_ADVICE = "Name one: xentui livecd build --mirror URI"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A Debian archive and, where known, the one with its security updates."""

    archive: str
    security: str | None = None

    def sources(self, suite: str) -> list[str]:
        """The lines of a sources.list for `suite`."""
        lines = [f"deb {self.archive} {suite} main"]
        if suite not in ("sid", "unstable"):
            lines.append(f"deb {self.archive} {suite}-updates main")
            if self.security:
                lines.append(f"deb {self.security} {suite}-security main")
        return lines


def own_mirror() -> Mirror:
    """The mirror that this machine's apt uses. Raises BuildError when it has none of Debian."""
    try:
        done = subprocess.run(
            ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"apt's sources cannot be read ({error}). {_ADVICE}") from None
    return parse_index_targets(done.stdout)


def parse_index_targets(text: str) -> Mirror:
    """Find Debian among apt's index targets, lines of ``site|origin|label``.

    Origin and label are only known after an ``apt-get update``; before it the path decides.
    """
    archive = security = None
    for line in text.splitlines():
        site, _, rest = line.partition("|")
        origin, _, label = rest.partition("|")
        if not site.startswith(("http://", "https://", "file:")):
            continue
        if origin != "Debian" and not origin.startswith("$("):
            continue
        if label == "Debian-Security" or site.rstrip("/").endswith("/debian-security"):
            security = security or site
        elif label == "Debian" or site.rstrip("/").endswith("/debian"):
            archive = archive or site
    if archive is None:
        raise BuildError(f"This machine's apt has no Debian archive among its sources. {_ADVICE}")
    return Mirror(archive, security)
