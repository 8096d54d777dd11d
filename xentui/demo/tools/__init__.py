"""Programs of the demo dom0. They run alone, with nothing of xentui imported, so that they start at once."""
