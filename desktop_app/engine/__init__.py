"""The service on this computer: its own process, HTTP in, weights out."""
