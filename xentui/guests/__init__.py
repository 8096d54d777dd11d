"""Guests: making them, taking them away again, copying and converting them, their snapshots."""
