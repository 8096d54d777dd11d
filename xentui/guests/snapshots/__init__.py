"""Snapshots of guests: of their disks, and of a running one's memory with them."""
