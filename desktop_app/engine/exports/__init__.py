"""What a tuned model can be taken out as, so that it runs elsewhere."""
