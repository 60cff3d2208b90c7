"""Detectors: each says of the cells of a column which are wrong, and how it comes to think so."""
