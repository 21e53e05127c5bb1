"""The service for other computers: `exemplar-engine`."""
