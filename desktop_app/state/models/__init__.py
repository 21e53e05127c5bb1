"""The models that an engine has, and those that it can fetch."""
