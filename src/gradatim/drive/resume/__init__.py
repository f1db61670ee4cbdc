"""Saved states: written, read, held against the script's plan, and gone on from.

May import ``core`` and ``drive``. To add an answer to a plan that differs, write one function in
``policies.py``.
"""
