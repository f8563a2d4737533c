"""The projects here are run by tests, in processes of their own."""

collect_ignore = ["booking"]
