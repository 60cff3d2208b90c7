"""What is found out about the chosen model: what it leans on, promises, and gets wrong."""
