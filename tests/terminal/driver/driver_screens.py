"""Stock and lean side by side on the walk through xentui itself; prints what it found as JSON.

`python driver_screens.py standard|256|truecolor`, a process for each depth as in driver_twins.
"""

from __future__ import annotations

import asyncio
import sys

from driver_twins import Twins
from driver_walk import walk

if __name__ == "__main__":
    twins = Twins(sys.argv[1], (80, 24))
    asyncio.run(walk([twins]))
    print(twins.report())
