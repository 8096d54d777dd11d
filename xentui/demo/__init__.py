"""A simulated dom0 behind a real xl-compatible executable."""
