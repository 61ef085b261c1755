"""Data processing."""

A32 = """
"""
