"""The Jobs tab: submit, follow, stop."""
