"""What the command line offers: one module per command, each with ``options`` and ``run``."""
