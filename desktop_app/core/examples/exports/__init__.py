"""A set written for people: a table, a document to print, a report of what was not read."""
