"""modelwright."""
