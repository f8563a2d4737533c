"""Aggregates of PostgreSQL. Manual: "PostgreSQL specific aggregation functions"."""

from nuages.contrib.postgres.aggregates.general import *
from nuages.contrib.postgres.aggregates.statistics import *
