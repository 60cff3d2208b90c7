"""Rules that a table has to keep: written down, discovered, and the cells that break them."""
