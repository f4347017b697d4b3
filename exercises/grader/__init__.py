"""Sheets from their masters, and the grader: `python -m exercises.grader --help`."""
