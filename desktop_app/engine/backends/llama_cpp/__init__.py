"""An optional runtime that answers: llama.cpp, through the package xllamacpp, in a child process.

It only answers; what it cannot do exactly as the default back end does, that one does. Nothing
here imports the package but the child.
"""
