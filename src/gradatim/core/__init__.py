"""Schedules as values: the curves, the algebra that joins them, and the rules that scale them.

May import ``xp`` and the standard library. To add a schedule, write one class in the file whose
first line describes it, and one row in ``tests/core/cases``.
"""
