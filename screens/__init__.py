"""The Textual side of xentui: one screen a file."""

from __future__ import annotations

import os

# Textual reads these once, when it is imported; xentui's screens move nothing and blink nothing.
os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
