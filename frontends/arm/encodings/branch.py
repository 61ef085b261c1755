"""Branches."""

A32 = """
"""
