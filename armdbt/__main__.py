"""``python -m armdbt`` is ``armdbt``."""

import sys

from armdbt import main

sys.exit(main())
