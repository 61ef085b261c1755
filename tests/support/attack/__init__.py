"""Attacks on armdbt: each module here is one kind, ``frame.py`` is what they have in common.

python -m support.attack [--seconds 600] [--seed N] [KIND ...]        (with tests on PYTHONPATH)
"""
