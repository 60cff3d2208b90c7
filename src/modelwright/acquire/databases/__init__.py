"""Databases, opened to read and for nothing else."""
