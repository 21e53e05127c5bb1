"""Files on this computer: the project, the settings, the keys. No Qt."""
