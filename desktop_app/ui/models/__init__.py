"""Base models: what is there, what can be fetched, under which licence."""
