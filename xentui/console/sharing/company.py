"""One console among several xentuis: served while it is held here, joined while another holds it."""

from __future__ import annotations

import time
from collections.abc import Callable

from xentui.console.sharing.joined import Joined, holder_name
from xentui.console.sharing.people import Person
from xentui.console.sharing.place import NobodyError, Place, PlaceError
from xentui.console.sharing.share import Console, Share
from xentui.host import Host

#: Seconds for which it is tried to get the console after its holder has left: its client may need some to let go.
ORPHAN_SECONDS = 15.0
#: Seconds for which one that serves, but did not let us in or did not answer, is not asked again.
DEAF_SECONDS = 30.0
#: Seconds between two tries to share.
AGAIN_SECONDS = 5.0


def company_for(host: Host, name: str, share: bool | str, *, may_write: bool = True) -> Company | None:
    """The company at the console of the guest `name`; `share` is as in the settings: True, False, or a group.

    None where nothing is shared: if it is not wanted, or if only libvirt can be reached.
    """
    if share is False or not host.has_toolstack:
        return None
    return Company(Place(host, name, share if isinstance(share, str) else None), may_write=may_write)


class Company:
    """Who else is at the console. `may_write` is False where this xentui has no keyboard for it, or is read-only."""

    def __init__(self, place: Place, *, may_write: bool = True) -> None:
        self.place = place
        self.may_write = may_write
        self.share: Share | None = None
        self.joined: Joined | None = None
        #: Why the console is not shared, or could not be joined.
        self.problem = ""
        #: Called in the event loop when the people or their turns are others, and with a sentence for the user.
        self.changed: Callable[[], None] = lambda: None
        self.say: Callable[[str], None] = lambda _sentence: None
        self._orphaned_at = float("-inf")
        self._try_at = self._join_at = 0.0
        self._typed_at = float("-inf")
        self._watched = False  # until now, others had the console

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody at the console, its holder first; nobody while it is neither served nor joined."""
        if self.joined is not None:
            return self.joined.people
        return self.share.people if self.share is not None else ()

    @property
    def writes(self) -> bool:
        """Whether it is our turn to write."""
        if self.joined is not None:
            return self.joined.writes
        return self.share is None or self.share.holder_writes

    @property
    def watches_only(self) -> bool:
        """Whether others hold the console."""
        return self.joined is not None

    @property
    def hopeful(self) -> bool:
        """Whether it is worth a try now: the holder has just left, or somebody serves. Cheap, to be asked often."""
        now = time.monotonic()
        if self.share is not None or self.joined is not None:
            return False
        return now - self._orphaned_at < ORPHAN_SECONDS or (now >= self._join_at and self.place.is_served())

    def typed(self) -> None:
        """Something was typed here, whether or not the console is served yet."""
        self._typed_at = time.monotonic()
        if self.share is not None:
            self.share.typed()

    # Joining: in a worker, but for `left`.

    def join(self, console: Console, scrollback: int) -> Joined | None:
        """Join whoever serves; None if nobody does, and if we serve ourselves. Blocks, some seconds at most."""
        if self.share is not None:
            return None
        try:
            self.joined = Joined(
                self.place,
                scrollback,
                resized=console.resized,
                changed=self.changed,
                say=self.say,
            )
            self.problem = ""
            self._watched = True
        except NobodyError:
            self.problem = ""
        except PlaceError as error:
            self.problem = str(error)
            self._join_at = time.monotonic() + DEAF_SECONDS
        return self.joined

    def left(self) -> str:
        """The connection has ended: why, as a sentence."""
        joined, self.joined = self.joined, None
        if joined is None:
            return ""
        self._orphaned_at = time.monotonic()
        why = joined.last_words or "its xentui has ended"
        return f"{holder_name(joined)} no longer shares it: {why}"

    # Serving: in the event loop.

    def serve(self, console: Console, held: bool) -> Share | None:
        """Serve while the console is `held`. Gives the share, whose `fileno` wants to be watched."""
        if not held:
            self.end("another has the console now")
            return None
        if self.share is None and time.monotonic() >= self._try_at:
            try:
                self.share = Share(
                    self.place,
                    console,
                    holder_writes=self.may_write,
                    changed=self.changed,
                    say=self.say,
                )
                self.share.writing.typed(self._typed_at)
            except PlaceError as error:
                self._try_at = time.monotonic() + AGAIN_SECONDS
                if str(error) != self.problem:
                    self.problem = str(error)
                    self.say(self.problem)
            else:
                if self._watched:
                    self._watched = False
                    self.say("the console is yours now")
        if self.share is not None:
            self.share.turn()
        return self.share

    def end(self, why: str) -> None:
        """Serve no longer."""
        share, self.share = self.share, None
        if share is not None:
            share.close(why)

    # Turns.

    def ask(self) -> None:
        """Ask for the writing."""
        if self.joined is not None:
            self.joined.ask()
        elif self.share is not None and (answer := self.share.ask()):
            self.say(answer)

    def give(self) -> bool:
        """Give the writing to the one who asks, or back to the holder. False if it is not ours, or nobody asks."""
        if self.joined is not None:
            return self.joined.give()
        return self.share is not None and self.share.give()

    def keep(self) -> bool:
        """Refuse the one who asks. False if there is none."""
        if self.joined is not None:
            return self.joined.keep()
        return self.share is not None and self.share.keep()
