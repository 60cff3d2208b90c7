"""Learning from a file larger than memory, of which the run holds a sample."""
