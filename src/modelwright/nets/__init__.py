"""Nets in PyTorch, for those who train; what they learn is predicted without it.

Importing a module of this room imports PyTorch, which the extra ``deep`` brings; those of `classic`
are NumPy alone. Layers declare beside their formula how fast their parameters learn (`rates`) and
decay (`decays`), as factors of the net's own; what is not named there has a factor of 1. Where a
layer has a `written_out` beside `forward`, the first is to be read, the second is quick, and both
give the same numbers.
"""
