"""The optional back end: models of many kinds, on GPUs too, with PyTorch and transformers.

Nothing outside this package imports what is in it but inside of functions: PyTorch takes seconds
to load.
"""
