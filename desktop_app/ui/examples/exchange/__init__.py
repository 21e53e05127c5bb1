"""The dialogs through which conversations come in and go out, and what joins them."""
