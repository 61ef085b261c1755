"""The laboratories behind ``armdbt bench``.

``chaining``, ``interception``, ``callbacks`` and ``reproduce`` (``bench compare``) are one command
each. ``truth`` computes the events that interception is judged by, ``peers`` runs other
translators, ``harness`` runs and times a guest and writes results.
"""
