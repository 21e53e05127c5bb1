"""What a fine-tuning job is and what may follow what."""
