"""Images in folders and zips, and columns of a table that name them."""
