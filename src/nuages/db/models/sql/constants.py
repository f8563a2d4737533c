"""Constants of the SQL layer: result kinds, join types, ordering words."""

import re

#: How many rows a chunked fetch takes from the driver at once.
GET_ITERATOR_CHUNK_SIZE = 100

# What a compiler's ``execute_sql()`` shall give.
MULTI = "multi"
SINGLE = "single"
NO_RESULTS = "no results"
CURSOR = "cursor"
ROW_COUNT = "row count"

#: ``"-"`` in front of a name turns the first word of a pair into the second.
ORDER_DIR = {"ASC": ("ASC", "DESC"), "DESC": ("DESC", "ASC")}
ORDER_PATTERN = re.compile(r"[-+]?[.\w]+$")

INNER = "INNER JOIN"
LOUTER = "LEFT OUTER JOIN"
