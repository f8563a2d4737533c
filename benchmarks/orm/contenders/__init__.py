"""One module for each contender, with a function ``cases()`` that gives its jobs by name.

A job is a function or a coroutine function. All jobs of a name ask for the same rows and give the same
things: objects of a class with attributes, or tuples where the name says so.
"""
