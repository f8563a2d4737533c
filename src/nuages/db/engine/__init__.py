"""I/O at the rim: generators that yield steps, and the two drivers that run them."""

from nuages.db.engine.drivers import arun, run
from nuages.db.engine.steps import (
    Begin,
    Call,
    End,
    Execute,
    Fetch,
    Outcome,
    Step,
    Steps,
    atomic_steps,
)

__all__ = [
    "Begin",
    "Call",
    "End",
    "Execute",
    "Fetch",
    "Outcome",
    "Step",
    "Steps",
    "arun",
    "atomic_steps",
    "run",
]
