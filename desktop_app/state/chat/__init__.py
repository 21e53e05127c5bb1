"""Chats with a model, and what is kept of them."""
