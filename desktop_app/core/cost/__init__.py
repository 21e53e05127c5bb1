"""Tokens, prices and the estimate made of them."""
