"""`make bench`: every benchmark, or the parts named (`make bench ARGS="postgres --rounds 20"`).

The herd's size is an option: `make bench ARGS="reconnect --widgets 5000"`.
"""

from benchmarks.parts import main

main()
