"""What a scheduler of another project means: its name and settings as a schedule.

One file a project. Whoever has read the settings, from code or from an object, asks here.
"""
