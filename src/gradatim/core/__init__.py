"""Schedules as values. Standard library only."""
