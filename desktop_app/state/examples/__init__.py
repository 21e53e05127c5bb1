"""The Examples tab: the list, the conversation that is edited, checks, large edits, files."""
