"""Errors in a table found and repaired, each change in a log that replays."""
