"""The cases run in a process of their own: see ``test_with_a_server``."""

collect_ignore = ["cases"]
