"""A guest's console: the session, the terminal emulator, the lock."""
