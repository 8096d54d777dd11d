"""Dialogs: they cover a part of the screen, ask one thing, and give back the answer."""
