"""Notes on guests: words of the user's, in the configuration file, on whatever host that is."""

from __future__ import annotations

from xentui.config_files import ConfigFileError, read_config, save_config
from xentui.domains.domain import Domain
from xentui.guests.errors import GuestError
from xentui.host import Host
from xentui.xlcfg.note import note_complaint, with_note


def set_note(host: Host, domain: Domain, words: str) -> None:
    """Write the note of a guest, or take it away (""). Raises GuestError."""
    if domain.config_file is None:
        raise GuestError(f"{domain.name} has no configuration file that a note could stand in.")
    if (wrong := note_complaint(words)) is not None:
        raise GuestError(wrong)
    try:
        _real, text = read_config(host, domain.config_file)
        if (new := with_note(text, words)) != text:
            save_config(host, domain.config_file, new, text, keep=False)
    except ConfigFileError as error:
        raise GuestError(str(error)) from error
