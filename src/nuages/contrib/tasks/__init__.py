"""Tasks that wait in the database, and a worker that runs them: ``manage.py tasks_worker``.

An application of Nuages' own, beside the documented interface of :mod:`django.tasks`.
"""
