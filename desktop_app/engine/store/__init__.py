"""What the service keeps on disk: SQLite for what is known, files for what is large."""
