"""Fits on images: opened and looked at, the best net for the time, its training, its file."""
