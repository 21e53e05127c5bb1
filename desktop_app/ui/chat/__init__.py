"""The Chat tab: how the model answers."""
