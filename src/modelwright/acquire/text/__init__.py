"""Text of rows: its encoding, dialect, headings and quotes found; all rows or a sample read."""
