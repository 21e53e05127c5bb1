"""Whether a tuned model learned: metrics and their intervals."""
