"""The project: one SQLite file that holds the examples, their history, jobs and all else."""
