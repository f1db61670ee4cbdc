"""Immutable values made of declared fields: checked when built, compared, printed, stored, read.

May import ``xp`` and ``core.errors``. To add a type of field, add one line to ``fields.py``.
"""
