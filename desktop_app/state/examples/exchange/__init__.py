"""Importing and exporting: what is to be read or written and how, and the work of doing it."""
