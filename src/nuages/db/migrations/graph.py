"""Which migration depends on which.

The graph is two dictionaries of sets, children and parents; plans are depth-first walks with a
stack of their own, so that long histories do not exhaust Python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import total_ordering
from typing import Any

from nuages.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError

type Key = tuple[str, str]


@total_ordering
@dataclass(eq=False, repr=False)
class Node:
    """A migration in the graph. Compares as its key does."""

    key: Key
    #: The migrations that depend on this one, and those that it depends on.
    children: set[Node] = field(default_factory=set)
    parents: set[Node] = field(default_factory=set)

    def __repr__(self) -> str:
        app_label, name = self.key
        return f"<{type(self).__name__}: ({app_label!r}, {name!r})>"

    def __str__(self) -> str:
        return str(self.key)

    def __getitem__(self, part: int) -> str:
        return self.key[part]

    def __lt__(self, other: Any) -> bool:
        return bool(self.key < getattr(other, "key", other))

    def __eq__(self, other: object) -> bool:
        return bool(self.key == getattr(other, "key", other))

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(eq=False, repr=False)
class DummyNode(Node):
    """Stands for a migration that is named and not there, until it is replaced or complained of."""

    #: The migration that names it.
    origin: Any = None
    error_message: str = ""

    def raise_error(self) -> None:
        """Raise ``NodeNotFoundError``."""
        raise NodeNotFoundError(self.error_message, self.key, origin=self.origin)


class MigrationGraph:
    """All migrations of all applications, and their dependencies."""

    #: The migrations themselves; ``None`` where only the key is known.
    nodes: dict[Key, Any]
    node_map: dict[Key, Node]

    def __init__(self) -> None:
        self.nodes, self.node_map = {}, {}

    def _put(self, node: Node, migration: Any) -> None:
        self.nodes[node.key], self.node_map[node.key] = migration, node

    def add_dummy_node(self, key: Key, origin: Any, error_message: str) -> None:
        """Add a migration that is missing."""
        self._put(DummyNode(key, origin=origin, error_message=error_message), None)

    def add_node(self, key: Key, migration: Any) -> None:
        """Add a migration."""
        assert key not in self.node_map
        self._put(Node(key), migration)

    def add_dependency(
        self, migration: Any, child: Key, parent: Key, skip_validation: bool = False
    ) -> None:
        """Let ``child`` depend on ``parent``.

        Missing ones are noted; they are an error now, unless ``skip_validation``, or later.
        """
        for key, role in ((child, "child"), (parent, "parent")):
            if key not in self.nodes:
                message = (
                    f"Migration {migration} dependencies reference nonexistent {role} node {key!r}"
                )
                self.add_dummy_node(key, migration, message)
        self._join(self.node_map[child], self.node_map[parent])
        if not skip_validation:
            self.validate_consistency()

    @staticmethod
    def _join(child: Node, parent: Node) -> None:
        child.parents.add(parent)
        parent.children.add(child)

    def _take_out(self, key: Key) -> Node:
        """Remove a node and its edges; return it with what it was joined to."""
        node = self.node_map.pop(key)
        self.nodes.pop(key, None)
        for child in node.children:
            child.parents.discard(node)
        for parent in node.parents:
            parent.children.discard(node)
        return node

    def remove_replaced_nodes(self, replacement: Key, replaced: Iterable[Key]) -> None:
        """Put a squashed migration in the place of those it replaces.

        Raises:
            NodeNotFoundError: the replacement is not there.
        """
        gone = set(replaced) - {replacement}
        home = self._node(
            replacement,
            f"Unable to find replacement node {replacement!r}. It was either never added to the "
            "migration graph, or has been removed.",
        )
        for key in gone & self.node_map.keys():
            node = self._take_out(key)
            for child in node.children:
                if child.key not in gone and child is not home:
                    self._join(child, home)
            for parent in node.parents:
                if parent.key not in gone and parent is not home:
                    self._join(home, parent)

    def remove_replacement_node(self, replacement: Key, replaced: Iterable[Key]) -> None:
        """Take a squashed migration out, and give its edges back to those it replaces.

        Raises:
            NodeNotFoundError: the replacement is not there.
        """
        self._node(
            replacement,
            f"Unable to remove replacement node {replacement!r}. It was either never added to "
            "the migration graph, or has been removed already.",
        )
        node = self._take_out(replacement)
        restored = [self.node_map[key] for key in replaced if key in self.node_map]
        among_them = {parent for each in restored for parent in each.parents}
        # Only the last of them has children outside.
        for last in set(restored) - among_them:
            for child in node.children:
                self._join(child, last)

    def _node(self, key: Key, message: str) -> Node:
        try:
            return self.node_map[key]
        except KeyError:
            raise NodeNotFoundError(message, key) from None

    def validate_consistency(self) -> None:
        """Raise ``NodeNotFoundError`` if a migration is missing."""
        for node in self.node_map.values():
            if isinstance(node, DummyNode):
                node.raise_error()

    def forwards_plan(self, target: Key) -> list[Key]:
        """Return what must be applied for ``target``, in order, ending with it."""
        return self.iterative_dfs(self._target(target))

    def backwards_plan(self, target: Key) -> list[Key]:
        """Return what must be unapplied with ``target``, in order, ending with it."""
        return self.iterative_dfs(self._target(target), forwards=False)

    def _target(self, key: Key) -> Node:
        return self._node(key, f"Node {key!r} not a valid node")

    def iterative_dfs(self, start: Any, forwards: bool = True) -> list[Key]:
        """Return what ``start`` is joined to, parents (or children) first."""
        order: list[Key] = []
        done: set[Node] = set()
        stack: list[tuple[Node, bool]] = [(start, False)]
        while stack:
            node, entered = stack.pop()
            if node in done:
                continue
            if entered:
                done.add(node)
                order.append(node.key)
                continue
            stack.append((node, True))
            around = node.parents if forwards else node.children
            stack += [(each, False) for each in sorted(around) if each not in done]
        return order

    def _ends(self, app: str | None, side: str) -> list[Key]:
        """Return the nodes without a neighbour of their own application on one side."""
        return sorted(
            key
            for key, node in self.node_map.items()
            if app in (None, key[0]) and all(each.key[0] != key[0] for each in getattr(node, side))
        )

    def root_nodes(self, app: str | None = None) -> list[Key]:
        """Return the first migrations, of all applications or of one."""
        return self._ends(app, "parents")

    def leaf_nodes(self, app: str | None = None) -> list[Key]:
        """Return the last migrations, of all applications or of one."""
        return self._ends(app, "children")

    def ensure_not_cyclic(self) -> None:
        """Raise ``CircularDependencyError`` if migrations wait for one another."""
        waiting_for = {key: len(node.parents) for key, node in self.node_map.items()}
        free = [key for key, count in waiting_for.items() if not count]
        while free:
            key = free.pop()
            del waiting_for[key]
            for child in self.node_map[key].children:
                waiting_for[child.key] -= 1
                if not waiting_for[child.key]:
                    free.append(child.key)
        if waiting_for:
            cycle = self._a_cycle_in(waiting_for.keys())
            raise CircularDependencyError(", ".join(f"{app}.{name}" for app, name in cycle))

    def _a_cycle_in(self, keys: Iterable[Key]) -> list[Key]:
        """Return one cycle among nodes none of which is free."""
        stuck = set(keys)
        path: list[Key] = [min(stuck)]
        while True:
            # Everything that is stuck waits for something that is stuck.
            parent = min(each.key for each in self.node_map[path[-1]].parents if each.key in stuck)
            if parent in path:
                return path[path.index(parent) :]
            path.append(parent)

    def _nodes_and_edges(self) -> tuple[int, int]:
        return len(self.nodes), sum(len(node.parents) for node in self.node_map.values())

    def __str__(self) -> str:
        nodes, edges = self._nodes_and_edges()
        return f"Graph: {nodes} nodes, {edges} edges"

    def __repr__(self) -> str:
        nodes, edges = self._nodes_and_edges()
        return f"<{type(self).__name__}: nodes={nodes}, edges={edges}>"

    def _generate_plan(self, nodes: Iterable[Key], at_end: bool) -> list[Key]:
        plan: dict[Key, None] = {}
        for node in nodes:
            for key in self.forwards_plan(node):
                if at_end or key not in nodes:
                    plan.setdefault(key)
        return list(plan)

    def make_state(
        self, nodes: Any = None, at_end: bool = True, real_apps: set[str] | None = None
    ) -> Any:
        """Return the state after some migrations.

        Args:
            nodes: one key or several; the last ones by default.
            at_end: after them, or just before.
            real_apps: labels of applications without migrations.
        """
        from nuages.db.migrations.state import ProjectState

        wanted = list(self.leaf_nodes()) if nodes is None else nodes
        if wanted and isinstance(wanted[0], str):
            wanted = [tuple(wanted)]
        state = ProjectState(real_apps=real_apps)
        for key in self._generate_plan(wanted, at_end) if wanted else ():
            state = self.nodes[key].mutate_state(state, preserve=False)
        return state

    def __contains__(self, node: Key) -> bool:
        return node in self.nodes

    def __iter__(self) -> Iterator[Key]:
        return iter(self.nodes)
