"""How nets are trained: one loop, its schedules, its optimiser, its pace.

Importing `modelwright.training.schedules` and `modelwright.training.pace` needs no PyTorch; the
other modules import it.
"""
