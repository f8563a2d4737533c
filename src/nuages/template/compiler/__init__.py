"""Templates compiled to functions.

A node list that is rendered more than a few times becomes a *unit*: one Python function for all that
can be known beforehand. Nodes that are transparent (they read names and produce text, and nothing
else) are emitted as source, with loop variables and ``with`` names as local variables; included
templates, parents and their blocks are put in place where the loaders keep templates in memory.
Any other node is called, ``node.render_annotated(context)``, and its own node lists are units again.

The plain twin is ``NodeList.render_plain``: it walks the tree.

``_compiler`` writes source (with what ``_values`` and ``_source`` give it), ``_runtime`` holds what the source calls, ``_unit`` decides when.
"""

from nuages.template.compiler._compiler import Compiler
from nuages.template.compiler._unit import Unit, render_compiled, warm_up

__all__ = ["Compiler", "Unit", "render_compiled", "warm_up"]
