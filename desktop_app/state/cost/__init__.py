"""Tokens counted, prices chosen, what training costs where."""
