"""Functions of the step in Python files, such as ``get_lr``, read as schedules and never run.

May import ``core`` and the files of ``peers`` that hold no project. ``expressions.py`` and
``statements.py`` build closures that evaluate a function at one step; ``curve.py`` evaluates it at
many; ``joined.py`` finds the schedule with these rates. To add a shape, add it to ``shapes.py``; to
add a mathematical function, add it to ``arithmetic.py``.
"""
