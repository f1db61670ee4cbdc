"""Callbacks for trainers that need more than a ``Scheduler``: one file each, never imported here.

May import what ``torch`` may, and the trainer. docs/trainers/ describes for each trainer what is
counted, how to resume, and how a rule gets its metric.
"""
