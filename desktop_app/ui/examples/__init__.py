"""The Examples tab: list, editor, checks."""
