"""The default back end: Llama-shaped models, trained and run with NumPy alone."""
