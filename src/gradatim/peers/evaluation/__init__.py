"""Python code of others, evaluated and never run: as closures over its tree of syntax.

May import ``core``, ``peers.found`` and ``peers.syntax``. ``expressions.py`` and ``calls.py`` build
a closure for each expression, ``statements.py`` for whole functions, ``values.py`` for parts of a
file outside of functions. To add a mathematical function, add it to ``arithmetic.py``.
"""
