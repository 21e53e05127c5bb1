"""From logits to replies: sampling, stop strings, grammars, several choices at once."""
