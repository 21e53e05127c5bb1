"""Building blocks that every tab uses."""
