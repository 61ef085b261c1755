"""Loads and stores."""

A32 = """
"""
