"""Real cases: what people have, what it means, and what ``gradatim convert`` makes of it.

``QUERIES.md`` fixes what was searched, ``inputs/`` holds the inputs, ``cases/`` what is right for
each, ``values.json`` the values of the originals. ``python -m tests.peers.corpus`` shows the table.
"""
