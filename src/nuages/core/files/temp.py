"""Temporary files with a name by which they can be opened again, on every system."""

import os
import tempfile
from functools import partial
from tempfile import gettempdir
from typing import Any

__all__ = ("NamedTemporaryFile", "gettempdir")

NamedTemporaryFile: Any = tempfile.NamedTemporaryFile
if os.name == "nt":
    # There a file that is deleted on closing cannot be opened a second time before.
    NamedTemporaryFile = partial(tempfile.NamedTemporaryFile, delete_on_close=False)
