"""The models of this computer: where they are, whether they are sound, which are in memory."""
