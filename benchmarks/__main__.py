import sys

from benchmarks import startup
from benchmarks.harness import main

status = main()
sys.exit(startup.main() or status if len(sys.argv) == 1 else status)
