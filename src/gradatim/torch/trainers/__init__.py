"""Callbacks for trainers that need more than a ``Scheduler``: one file each, never imported here.

May import what ``torch`` may, and the trainer. To add one, write one file; its page in
docs/trainers/ states what is counted, how to resume, and how a rule gets its metric.
"""
