"""The list of conversations, the one that is edited, files in and out."""
