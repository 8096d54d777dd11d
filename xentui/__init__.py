"""xentui: a full-screen terminal UI for a Xen dom0. The core imports no Textual."""

__version__ = "0.1.0"
