"""Building the Live CD, step by step."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xentui.livecd import choices
from xentui.livecd.base import HVM_PACKAGES, build_base
from xentui.livecd.iso import build_iso, source_date
from xentui.livecd.layer import build_layer
from xentui.livecd.mirror import Mirror, own_mirror
from xentui.livecd.recipe import SUITES, Recipe
from xentui.livecd.tools import Builder, BuildError, check_tools


def build(recipe: Recipe, say: Callable[[str], None] = print) -> Path:
    """Build the ISO. Raises BuildError with one message that says what did not work and what to do."""
    check_tools()
    if recipe.suite not in SUITES:
        raise BuildError(f"{recipe.suite}: only {', '.join(SUITES)} has been tried and is built here")
    epoch = source_date()
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    begun = time.monotonic()
    recipe.cache.mkdir(parents=True, exist_ok=True)
    builder = Builder(recipe.cache / "build.log", say)
    builder.log.write_text("")
    mirror = Mirror(recipe.mirror) if recipe.mirror else own_mirror()
    say(f"Building {recipe.output}")
    base = build_base(
        builder,
        recipe.cache,
        recipe.suite,
        mirror,
        extra=(HVM_PACKAGES if recipe.hvm else ()) + choices.packages(recipe),
        locale=recipe.locale,
        mode=_mode(recipe.mode),
        fresh=recipe.fresh,
    )
    with tempfile.TemporaryDirectory(prefix="iso-", dir=recipe.cache) as scratch:
        work = Path(scratch)
        layer = build_layer(builder, work, recipe, base)
        build_iso(builder, work, base, layer, recipe, epoch)
    size = recipe.output.stat().st_size / 2**20
    say(f"Built {recipe.output}: {size:.0f} MiB in {time.monotonic() - begun:.0f} s")
    return recipe.output


def _mode(mode: str) -> str:
    if mode == "auto":
        return "root" if os.geteuid() == 0 else "unshare"
    return mode
