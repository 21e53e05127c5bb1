"""Model files on disk: typed settings and tensors, whatever the format."""
