"""`make bench`: every benchmark, or the parts named (`make bench ARGS="postgres --rounds 20"`)."""

from benchmarks.message_path import main

main()
