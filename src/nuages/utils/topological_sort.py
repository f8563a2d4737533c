"""Orders in which everything comes after what it depends on."""

from collections.abc import Iterable, Iterator, Mapping


class CyclicDependencyError(ValueError):
    """There is no such order: some items depend on each other."""


def topological_sort_as_sets[T](dependency_graph: Mapping[T, Iterable[T]]) -> Iterator[set[T]]:
    """Yield sets of items that depend only on what was yielded before.

    ``dependency_graph`` maps each item to those it depends on.
    """
    waiting = {item: set(needs) for item, needs in dependency_graph.items()}
    while waiting:
        ready = {item for item, needs in waiting.items() if not needs}
        if not ready:
            cyclic = ", ".join(repr(item) for item in waiting)
            raise CyclicDependencyError(f"Cyclic dependency in graph: {cyclic}")
        yield ready
        waiting = {item: needs - ready for item, needs in waiting.items() if item not in ready}


def stable_topological_sort[T](
    nodes: Iterable[T], dependency_graph: Mapping[T, Iterable[T]]
) -> list[T]:
    """Return ``nodes`` sorted by dependency, and otherwise in the order given."""
    nodes = list(nodes)
    return [
        node
        for layer in topological_sort_as_sets(dependency_graph)
        for node in nodes
        if node in layer
    ]
