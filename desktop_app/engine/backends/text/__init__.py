"""What a model reads and writes: tokens, chat templates, tools in words."""
