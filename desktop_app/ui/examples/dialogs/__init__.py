"""What is asked about the whole set: versions, history, find and replace, the test set, checks."""
