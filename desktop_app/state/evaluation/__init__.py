"""The held-out test: run, kept, worked out."""
