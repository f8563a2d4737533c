"""From queries to SQL: the syntax tree and its compilers."""

from nuages.db.models.sql.query import Query, RawQuery
from nuages.db.models.sql.subqueries import AggregateQuery, DeleteQuery, InsertQuery, UpdateQuery
from nuages.db.models.sql.where import AND, OR, XOR

__all__ = [
    "AND",
    "OR",
    "XOR",
    "AggregateQuery",
    "DeleteQuery",
    "InsertQuery",
    "Query",
    "RawQuery",
    "UpdateQuery",
]
