"""``Value``, the base of all schedules, rules and runs, and the types of its fields.

May import ``xp`` and ``errors``. To add a type of field, add one line to ``fields.py``.
"""
