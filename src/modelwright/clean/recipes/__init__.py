"""What was done to a table, in a file that does it again."""
