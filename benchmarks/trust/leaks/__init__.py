"""Leaks planted into real tables, and honest tables and pipelines beside them."""
