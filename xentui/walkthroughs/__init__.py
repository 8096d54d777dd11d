"""Walkthroughs: Markdown files that lead through a task, and know whether each step is really done.

`parse` reads a file into a `walkthrough.Walkthrough`, `lint` finds what is wrong with it. A check states a
fact (`facts`) about the dom0, seen through a `world.World`. `lesson` is a walkthrough that somebody walks
through, with what `progress` keeps of it; `selftest` walks through it alone. The format is described in
library/writing-walkthroughs.md.
"""
