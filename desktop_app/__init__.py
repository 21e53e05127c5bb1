"""Exemplar: teach a chat model by example."""

__version__ = "0.1.0"
