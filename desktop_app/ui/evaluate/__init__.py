"""The Evaluate tab: whether it learned."""
