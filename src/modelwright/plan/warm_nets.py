"""Imported by each worker that fits nets when it starts: brings in PyTorch, and no booster."""

import modelwright.plan.work
import modelwright.training.loop  # noqa: F401
