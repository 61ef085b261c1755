"""Runs and times a guest in rounds, records facts of the host, writes tables and files."""
