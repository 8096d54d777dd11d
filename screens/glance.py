"""Reading a reactive attribute where each microsecond counts: between a key and its echo."""

from __future__ import annotations

from typing import Any

from textual.dom import DOMNode


def glance(node: DOMNode, name: str) -> Any:
    """The value of a reactive of `node` that is not computed, without what Textual does at each look: nothing of that
    is in the processor's cache when a key comes after a pause, and it takes longer than all else on the way.
    """
    try:
        return node.__dict__["_reactive_" + name]
    except KeyError:  # it has not been read yet, or Textual keeps it elsewhere by now
        return getattr(node, name)
