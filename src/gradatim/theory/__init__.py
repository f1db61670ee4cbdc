"""Exact results that need no training run: bounds, batch growth, the memory of the weights.

May import ``core`` and ``logs`` (for arrays of rates). To add a result, write one file.
"""
