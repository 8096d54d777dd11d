"""Building the Live CD and booting it in QEMU."""
