"""What columns mean, found from their values, and raw values made typed ones."""
