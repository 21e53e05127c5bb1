"""Fine-tuning jobs: sent once, followed to their end, kept with the project."""
