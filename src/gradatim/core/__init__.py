"""Schedules: the curves, the operators that combine them, and the rules that scale them.

May import ``xp`` and the standard library. To add a schedule, write one class in the file whose
docstring fits it, and one row in ``tests/core/cases``.
"""
