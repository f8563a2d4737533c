"""Variables, filters and conditions as source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nuages.template._expressions import FilterExpression, Variable
from nuages.template.compiler import _runtime
from nuages.template.compiler._source import CannotCompile, Loop, Source

#: What is known of a loop without a dictionary: source, from the index and the count.
_LOOP_VALUES = {
    "counter0": "{i}",
    "counter": "{i} + 1",
    "revcounter": "{n} - {i}",
    "revcounter0": "{n} - {i} - 1",
    "first": "{i} == 0",
    "last": "{i} == {n} - 1",
    "length": "{n}",
}

_COMPARISONS = ("in", "not in", "is", "is not", "==", "!=", ">", ">=", "<", "<=")


class Values(Source):
    """Adds expressions, whose values it writes into local variables."""

    def can_resolve(self, expression: Any) -> bool:
        """Whether an expression can be written as source."""
        if type(expression) is not FilterExpression:
            return False
        variables = [expression.var] if expression.is_var else []
        variables += [arg for _, args in expression.filters for is_var, arg in args if is_var]
        return all(map(self._can_look_up, variables))

    def _can_look_up(self, variable: Any) -> bool:
        if type(variable) is not Variable or (variable.translate and variable.lookups):
            return False
        match variable.lookups:
            case ("forloop", *steps) if self._loops:
                *outward, last = steps or [""]
                return (
                    last in _LOOP_VALUES
                    and set(outward) <= {"parentloop"}
                    and (len(outward) < self._loops)
                )
            case ("block", *_) if self._chain is not None and self._chain.names:
                return False
            case ("block", "super"):
                # It renders the other block, which must find loop variables and `with` names in the context.
                return False
        return True

    def _loop_value(self, steps: list[str]) -> str:
        loop = self._local("forloop")
        *outward, last = steps
        for _ in outward:
            loop = loop.outer
        loop.index_used = True
        return f"({_LOOP_VALUES[last].format(i=loop.index, n=loop.count)})"

    def _path(self, variable: Variable, final: bool) -> tuple[str, bool]:
        """Write a lookup; return its value's name, and whether that may be ``MISSING``.

        Args:
            variable: what is looked up.
            final: also call what can be called; otherwise whoever uses the value does it.
        """
        lookups = variable.lookups
        if lookups is None:
            if variable.translate:
                return f"{self.constant(variable, 'variable')}.resolve(context)", False
            return self.constant(variable.literal), False
        first, *bits = lookups
        if first == "forloop" and isinstance(self._local(first), Loop):
            return self._loop_value(bits), False
        start = self.name(first)
        if not bits and not final:
            return start, True
        value = self.temporary()
        if not bits:
            self.line(f"{value} = {start}")
            with self.indented(f"if callable({value}):"):
                self.line(f"{value} = called({value}, {first!r}, context)")
            with self.indented(f"if {value} is MISSING:"):
                self.line(f"absent({first!r}, context)")
            return value, True
        path = self.constant(tuple(lookups), "path")
        if not start.isidentifier():
            kept = self.temporary()
            self.line(f"{kept} = {start}")
            start = kept
        with self.indented("try:"):
            self.line(f"{value} = {start}")
            for position, bit in enumerate(bits):
                with self.indented(f"if callable({value}):"):
                    self.line(f"{value} = call_value({value}, context)")
                kind = self.temporary("kind")
                site = _runtime.Site(bit, first if position == 0 else bit, kind)
                self.sites.append(site)
                with self.indented(f"if type({value}) is {kind}:"):
                    self.line(f"{value} = getattr({value}, {bit!r})")
                with self.indented(f"elif type({value}) is dict and {bit!r} in {value}:"):
                    self.line(f"{value} = {value}[{bit!r}]")
                with self.indented("else:"):
                    self.line(f"{value} = {self.constant(site, 'site')}({value}, context)")
            if final:
                with self.indented(f"if callable({value}):"):
                    self.line(f"{value} = call_value({value}, context)")
        with self.indented("except Exception as error:"):
            self.line(f"{value} = recover(error, {start}, {path}, context)")
        return value, True

    def resolved(self, expression: FilterExpression, ignore_failures: bool = False) -> str:
        """Write an expression; return the name of its value."""
        if not expression.is_var:
            value, may_be_missing = self.constant(expression.var), False
        else:
            value, may_be_missing = self._path(expression.var, final=True)
        if not may_be_missing and not expression.filters:
            return value
        target = self.temporary()
        self.line(f"{target} = {value}")
        if not may_be_missing:
            self._filters(expression, target)
        elif ignore_failures:
            with self.indented(f"if {target} is MISSING:"):
                self.line(f"{target} = None")
            self._filters(expression, target)
        else:
            name = self.constant(expression.var, "variable")
            missing = f"if {target} is MISSING and ({target} := invalid({name}, context)):"
            with self.indented(missing):
                pass
            if expression.filters:
                # What is shown for a missing variable is not filtered.
                with self.indented("else:"):
                    self._filters(expression, target)
        return target

    def _filters(self, expression: FilterExpression, target: str) -> None:
        for function, arguments in expression.filters:
            given = [target]
            for is_var, argument in arguments:
                given.append(self._argument(argument) if is_var else self.constant(argument))
            if getattr(function, "expects_localtime", False):
                self.line(f"{target} = localtime({target}, context.use_tz)")
            if getattr(function, "needs_autoescape", False):
                given.append(f"autoescape={self.autoescape}")
            call = f"{self.constant(function, 'filter')}({', '.join(given)})"
            if getattr(function, "is_safe", False):
                result = self.temporary()
                self.line(f"{result} = {call}")
                call = f"mark_safe({result}) if isinstance({target}, SafeData) else {result}"
            self.line(f"{target} = {call}")

    def _argument(self, variable: Variable) -> str:
        value, may_be_missing = self._path(variable, final=True)
        if may_be_missing:
            with self.indented(f"if {value} is MISSING:"):
                self.line(f"missing_argument({variable.var!r}, context)")
        return value

    def values(self, expressions: Mapping[str, FilterExpression]) -> dict[str, str]:
        """Write several expressions; return the names of their values."""
        found = {}
        for name, expression in expressions.items():
            found[name] = self.temporary()
            self.line(f"{found[name]} = {self.resolved(expression)}")
        return found

    def call(
        self,
        function: str,
        args: Iterable[FilterExpression],
        kwargs: Mapping[str, FilterExpression],
        leading: Iterable[str] = (),
    ) -> str:
        """Return a call with the values of expressions, after those that source stands for."""
        given = [*leading, *(self.resolved(arg) for arg in args)]
        named = [f"{name!r}: {self.resolved(value)}" for name, value in kwargs.items()]
        if named:
            given.append(f"**{{{', '.join(named)}}}")
        return f"{function}({', '.join(given)})"

    # Conditions

    def can_test(self, condition: Any) -> bool:
        """Whether a condition can be written as source."""
        from nuages.template._tags_flow import TemplateLiteral
        from nuages.template.smartif import Operation

        if condition is None:
            return True
        if type(condition) is TemplateLiteral:
            return self.can_resolve(condition.value)
        return type(condition) is Operation and all(
            self.can_test(part) for part in (condition.first, condition.second)
        )

    def test(self, condition: Any) -> str:
        """Write a condition; return the name of its value."""
        from nuages.template.smartif import Operation

        if isinstance(condition, Operation):
            return self._operation(condition)
        if not condition.value.filters:
            return self.resolved(condition.value, ignore_failures=True)
        target = self.temporary("test")
        with self.indented("try:"):
            self.line(f"{target} = {self.resolved(condition.value, ignore_failures=True)}")
        with self.indented("except VariableDoesNotExist:"):
            self.line(f"{target} = None")
        return target

    def _operand(self, condition: Any) -> str:
        from nuages.template.smartif import Operation

        if isinstance(condition, Operation):
            return self._operation(condition)
        return self.resolved(condition.value, ignore_failures=True)

    def _operation(self, condition: Any) -> str:
        target = self.temporary("test")
        symbol = condition.id
        with self.indented("try:"):
            first = self._operand(condition.first)
            if symbol == "not":
                self.line(f"{target} = not {first}")
            elif symbol in ("and", "or"):
                self.line(f"{target} = {first}")
                with self.indented(f"if {'' if symbol == 'and' else 'not '}{target}:"):
                    self.line(f"{target} = {self._operand(condition.second)}")
            elif symbol in _COMPARISONS:
                self.line(f"{target} = {first} {symbol} {self._operand(condition.second)}")
            else:
                raise CannotCompile
        with self.indented("except Exception:"):
            self.line(f"{target} = False")
        return target
