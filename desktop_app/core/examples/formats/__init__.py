"""Reading what people have: which format a file is in, and the conversations in it."""
