"""Functions of the step in Python files, such as ``get_lr``, read as schedules and never run.

May import ``core`` and the files of ``peers`` that hold no project. ``curve.py`` evaluates a
function at many steps; ``joined.py`` finds the schedule with these rates. To add a shape, add it to
``shapes.py``.
"""
