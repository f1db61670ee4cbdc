"""What some trainers need beside the one line: one file a trainer, imported only when asked for.

Most trainers need nothing from here. docs/trainers/ says for each of them what is counted, how to
resume, and where to show the metric to a rule.
"""
