"""What a scheduler of another project means: its name and settings as a schedule.

May import ``core``. To add a project, write one file.
"""
