"""What some trainers need beside the one line: one file a trainer, imported only when asked for.

May import what ``torch`` may, and the trainer. To add one, write one file: docs/trainers/ says for
each what is counted, how to resume, and where to show the metric to a rule.
"""
