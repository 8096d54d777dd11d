"""Where a guest's system comes from: one file a source, each a frozen dataclass that keeps `spec.Source`."""
