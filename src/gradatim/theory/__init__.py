"""What can be said of a schedule exactly, with no run at all: bounds, trades, memory of weights.

May import ``core`` and ``logs`` (the rates of a run as an array). To add a result, write one file.
"""
