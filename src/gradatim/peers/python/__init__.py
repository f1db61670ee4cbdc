"""Python files of others: parsed, walked once, and evaluated as far as that needs no running.

May import ``core`` and the files of ``peers`` that hold no project. ``script.py`` walks a file;
``expression.py`` says what a part of it is; the other files hold one question each. To add a
function whose value is known, such as ``math.ceil``, add it to ``evaluation/arithmetic.py``.
"""
