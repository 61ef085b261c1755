"""Multiplies and divisions."""

A32 = """
"""
