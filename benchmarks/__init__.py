"""Speed and memory, measured again by anyone with `make bench`; no timed tests."""
