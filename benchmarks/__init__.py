"""Benchmarks: Nuages, Django and the practical limit, interleaved in one run, as ratios."""
