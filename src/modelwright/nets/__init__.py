"""Nets in PyTorch, for those who train; what they learn is predicted without it.

Importing a module of this room imports PyTorch, which the extra ``deep`` brings. Layers declare
beside their formula how fast their parameters learn (`rates`) and decay (`decays`), as factors of
the net's own; what is not named there has a factor of 1.
"""
