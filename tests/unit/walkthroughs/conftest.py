"""A small walkthrough to change, and a way to lint and test it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.walkthroughs.lint import lint
from xentui.walkthroughs.parse import parse
from xentui.walkthroughs.walkthrough import Problem

SMALL = """\
---
format: 1
id: small
title: A small one
needs: xl
ask: guest = server02 "Which guest?"
---
Some words.

## Start it

Give the **whole** path.

```run
xl create /etc/xen/{guest}.cfg
```
```check
domain {guest} is running | It does not run.
```
```hint
Look at `xl list`.
```
```undo
xl destroy {guest}
```
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def problems() -> Callable[[str], list[Problem]]:
    """What lint finds in a text; the shelf holds one other walkthrough, `other`."""
    return lambda text: lint(parse(text, "x.md"), {"other": Path("other.md")})
