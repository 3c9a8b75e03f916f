"""`make bench`: every benchmark, or the parts named (`make bench ARGS="postgres --rounds 20"`).

Sizes are options: `make bench ARGS="reconnect --widgets 5000"`, `ARGS="pushes --pushes 2000"`.
"""

from benchmarks.parts import main

main()
