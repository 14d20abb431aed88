"""python -m posko."""

import sys

from posko.cli import main

sys.exit(main.run(sys.argv[1:]))
