"""The default back end: Llama-shaped models from GGUF files, trained and run with NumPy alone."""
