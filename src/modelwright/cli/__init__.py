"""The command line: parses, calls, prints."""

from modelwright.cli.app import main

__all__ = ["main"]
