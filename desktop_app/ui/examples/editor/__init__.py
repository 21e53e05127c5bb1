"""The conversation editor: what its cards and dialogs are made of."""
