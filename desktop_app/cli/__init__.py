"""The program in a terminal: check, convert and estimate files without a window, and without Qt."""
