"""Jobs: from an accepted request to a model, one at a time."""
