"""Spreadsheets, old and new, and how much they hold before they are laid out."""
