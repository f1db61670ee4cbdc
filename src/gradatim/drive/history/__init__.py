"""The values that each update of a run used: in memory, in files, and computed again from those.

May import ``core`` and ``drive``. To add a format of files, write one beside ``table`` and
``record``, and name it in ``files.py``.
"""
