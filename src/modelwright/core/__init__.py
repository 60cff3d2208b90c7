"""The words that everything here speaks, and their protocols."""
