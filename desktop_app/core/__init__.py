"""What the program is about. Plain Python: no Qt, no disk, no network, no SDK."""
