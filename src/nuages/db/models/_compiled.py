"""Functions generated for exactly one model: its constructor and its row loaders.

Each has a plain twin of the same meaning (:func:`plain_init`, ``Model.from_db``), which runs where the
generated one would skip something that a project has put there: receivers of ``pre_init`` and
``post_init``, descriptors that are not ours, an ``__init__``, ``__setattr__`` or ``from_db`` of the
project's own. ``NUAGES = {"COMPILED_MODELS": False}`` turns the generated ones off.
"""

from __future__ import annotations

import keyword
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from nuages.conf import switches
from nuages.db.models.query_utils import DeferredAttribute
from nuages.db.models.signals import listened_to, post_init, pre_init
from nuages.utils._lazy import later
from nuages.utils.codegen import compile_function
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.inspect import func_accepts_kwargs

if TYPE_CHECKING:
    import inspect

    from nuages.db.models.base import Model
else:
    inspect = later("inspect")


class Deferred:
    """The value of a field that is not loaded. Manual: "Customizing model loading"."""

    def __str__(self) -> str:
        return "<Deferred field>"

    __repr__ = __str__


DEFERRED = Deferred()


class _Missing:
    """Stands for an argument that was not given."""

    def __repr__(self) -> str:
        return "…"


MISSING: Any = _Missing()

#: The name under which a class keeps its generated functions, in its own ``__dict__``.
SHELF = "_compiled_functions"


def shelf(model: type[Model]) -> dict[Any, Any]:
    """Return the generated functions of exactly this class."""
    kept = model.__dict__.get(SHELF)
    if kept is None:
        kept = {}
        type.__setattr__(model, SHELF, kept)
    return kept


def forget(model: type[Model]) -> None:
    """Drop what was generated for ``model``: it has changed."""
    own = model.__dict__
    if SHELF not in own:
        return
    made = own[SHELF].get("init")
    if made is not None and own.get("__init__") is made:
        type.__delattr__(model, "__init__")
    type.__delattr__(model, SHELF)


def forget_tree(model: type[Model]) -> None:
    """Drop what was generated for ``model`` and all models below it."""
    forget(model)
    for child in model.__subclasses__():
        forget_tree(child)


# The constructor


def plain_init(instance: Model, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Set the fields of a new instance: positional values first, then by name, then defaults.

    Raises:
        TypeError: an abstract model; a field given twice; an unknown name.
        IndexError: more values than fields.
    """
    cls = type(instance)
    options = cls._meta
    if options.abstract:
        raise TypeError("Abstract models cannot be instantiated.")
    pre_init.send(sender=cls, args=args, kwargs=kwargs)
    instance._state = _base.ModelState()
    if args:
        _check_arguments(options, args, kwargs)
    for field, value in zip_longest(_positional(options, args, kwargs), args, fillvalue=MISSING):
        attname = field.attname
        if value is MISSING:
            if field.is_relation and field.name in kwargs and field.name != attname:
                related = kwargs.pop(field.name)
                if related is not DEFERRED:
                    setattr(instance, field.name, related)
                kwargs.pop(attname, None)
                continue
            if field.column is None:
                # It stands for columns of others, which would be set after it: it comes last.
                continue
            if attname in kwargs:
                value = kwargs.pop(attname)
            elif field.generated:
                continue
            else:
                value = field.get_default()
        if value is not DEFERRED:
            setattr(instance, attname, value)
    if kwargs:
        set_properties(instance, kwargs)
    # Mixins that come after ``Model`` in the order of bases.
    super(_base.Model, instance).__init__()
    post_init.send(sender=cls, instance=instance)


def _positional(options: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    # Rows are given by column; with names, relations without a column can be meant as well.
    yield from options.concrete_fields[: len(args)]
    if args and len(args) == len(options.concrete_fields) and not kwargs:
        return
    taken = set(map(id, options.concrete_fields[: len(args)]))
    for field in options.fields:
        if id(field) not in taken:
            yield field


def _check_arguments(options: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if len(args) > len(options.concrete_fields):
        raise IndexError("Number of args exceeds number of fields")
    for field in options.concrete_fields[: len(args)]:
        for name in (field.name, field.attname):
            if name in kwargs:
                raise TypeError(
                    f"{options.object_name}() got both positional and keyword arguments for "
                    f"field '{field.name}'."
                )


def set_properties(instance: Model, kwargs: dict[str, Any]) -> None:
    """Set what remains of a constructor's keywords: properties, and relations without a column.

    Raises:
        TypeError: some are neither.
    """
    options = instance._meta
    unknown = []
    for name, value in kwargs.items():
        if name in options._property_names or _names_field(options, name):
            if value is not DEFERRED:
                setattr(instance, name, value)
        else:
            unknown.append(name)
    if unknown:
        names = ", ".join(f"'{name}'" for name in unknown)
        raise TypeError(f"{options.object_name}() got unexpected keyword arguments: {names}")


def _names_field(options: Any, name: str) -> bool:
    from nuages.core.exceptions import FieldDoesNotExist

    try:
        options.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _plain_kinds() -> tuple[Any, ...]:
    from nuages.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute

    return DeferredAttribute, ForeignKeyDeferredAttribute


def can_be_compiled(model: type[Model]) -> bool:
    """Whether writing the instance's ``__dict__`` does what assigning the fields would."""
    if not switches.enabled("COMPILED_MODELS") or model._meta.abstract:
        return False
    order = model.__mro__
    behind = order[order.index(_base.Model) + 1 : -1]
    if any("__init__" in vars(cls) for cls in behind):
        return False
    if model.__setattr__ is not object.__setattr__ or "_state" in model._meta._forward_fields_map:
        return False
    kinds = _plain_kinds()
    return all(
        field.attname.isidentifier()
        and not keyword.iskeyword(field.attname)
        and not field.attname.startswith("__")
        and field.name.isidentifier()
        and not keyword.iskeyword(field.name)
        and type(_attribute(model, field.attname)) in kinds
        for field in model._meta.concrete_fields
    )


#: With so many values, assigning attributes is as fast as filling the instance's dictionary.
_FEW = 8
#: So many values the interpreter keeps in the instance itself, without a table of names of its own.
_MOST_INSIDE = 26


def assigns(model: type[Model], names: Collection[str]) -> bool:
    """Whether ``instance.name = value`` is the best way to set what has been loaded or given.

    A foreign key's attribute would have to be told of it.
    """
    return len(names) <= _FEW and all(
        name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not hasattr(type(_attribute(model, name)), "__set__")
        for name in names
    )


def lay_out(cls: type[object], names: Sequence[str]) -> None:
    """Have the interpreter make room for these attributes in all instances of a class.

    It takes the layout from the first instances that it sees; these may be ones with few attributes.
    """
    if len(names) <= _MOST_INSIDE:
        first: Any = cls.__new__(cls)
        for name in names:
            first.__dict__[name] = None


def lay_out_rows(model: type[Model]) -> None:
    """Make room for the values of a model's rows in its instances."""
    names = [field.attname for field in model._meta.concrete_fields]
    lay_out(model, ["_state", *names, "_prefetched_objects_cache"])


def source_of_instance(
    name: str, cls: str, state: str, values: Mapping[str, str], model: type[Model]
) -> list[str]:
    """Return the lines that make an instance of ``model``.

    Args:
        name: the variable for it.
        cls: the variable that holds its class; ``new`` and that name is the one of ``__new__``.
        state: an expression for its state.
        values: the variables with the values of attributes.
    """
    made = f"{name} = new{cls}({cls})"
    if len(values) > _MOST_INSIDE:
        entries = "".join(f", {attribute!r}: {value}" for attribute, value in values.items())
        return [made, f'{name}.__dict__ = {{"_state": {state}{entries}}}']
    lines = [made, f"{name}._state = {state}"]
    if assigns(model, values):
        return lines + [f"{name}.{attribute} = {value}" for attribute, value in values.items()]
    sets = [f"d[{attribute!r}] = {value}" for attribute, value in values.items()]
    return [*lines, f"d = {name}.__dict__", *sets]


def _attribute(model: type[Model], name: str) -> Any:
    for cls in model.__mro__:
        if name in cls.__dict__:
            return cls.__dict__[name]
    return None


def compile_init(model: type[Model]) -> Callable[..., None] | None:
    """Return the constructor generated for ``model``; ``None`` if it must be the plain one.

    Fields are keyword-only parameters, so that the interpreter itself matches names and values. All other names end with
    an underscore, as no field's does.
    """
    options = model._meta
    if not can_be_compiled(model):
        return None
    fields = list(options.concrete_fields)
    scope: dict[str, Any] = {
        "M_": MISSING,
        "D_": DEFERRED,
        "C_": model,
        "S_": _base.ModelState,
        "type_": type,
        "len_": len,
        "pre_": pre_init,
        "post_": post_init,
        "heard_": listened_to,
        "plain_": plain_init,
        "properties_": set_properties,
    }
    directly = assigns(model, [field.attname for field in fields])
    lay_out_rows(model)
    put = "self.{}".format if directly else "d_[{!r}]".format
    parameters: list[str] = []
    again: list[str] = []  # what hands all keywords to the plain constructor
    sets: list[str] = []
    for number, field in enumerate(fields):
        attname, related = field.attname, field.name != field.attname and field.is_relation
        for name in (attname, field.name) if related else (attname,):
            parameters.append(f"{name}=M_")
            again.append(f"    if {name} is not M_: kw_[{name!r}] = {name}")
        if field.generated:
            default = None
        else:
            default = _default_source(field, number, scope)
        body = [f"if {attname} is M_:"]
        if default is None:
            body += ["    pass"]
        else:
            body += [f"    {put(attname)} = {default}"]
        body += [f"elif {attname} is not D_: {put(attname)} = {attname}"]
        if related:
            body = [
                f"if {field.name} is not M_:",
                f"    if {field.name} is not D_: self.{field.name} = {field.name}",
                f"el{body[0]}",
                *body[1:],
            ]
        sets += [f"    {line}" for line in body]
    if len(set(parameters)) < len(parameters):
        return None
    reserved = {"self", *scope}
    if reserved & {each.removesuffix("=M_") for each in parameters}:
        return None
    values = ", ".join(f"v{number}_" for number in range(len(fields)))
    from_values = [
        f"        if v{n}_ is not D_: {put(f.attname)} = v{n}_" for n, f in enumerate(fields)
    ]
    opening = ["self._state = S_()"] if directly else ["d_ = self.__dict__", "d_['_state'] = S_()"]
    source = "\n".join(
        [
            f"def __init__(self, /, *args_, {', '.join(parameters)}, **kw_):",
            "    if type_(self) is not C_ or (pre_.receivers or post_.receivers)"
            " and heard_(pre_, post_, C_):",
            *(f"    {line}" for line in again),
            "        return plain_(self, args_, kw_)",
            "    if args_:",
            *(f"    {line}" for line in again),
            f"        if kw_ or len_(args_) != {len(fields)}:",
            "            return plain_(self, args_, kw_)",
            *(f"        {line}" for line in opening),
            f"        {values}, = args_",
            *from_values,
            "        return",
            *(f"    {line}" for line in opening),
            *sets,
            "    if kw_: properties_(self, kw_)",
        ]
    )
    return compile_function(source, "__init__", scope, f"model {options.label}")


def _default_source(field: Any, number: int, scope: dict[str, Any]) -> str:
    from nuages.db.models.fields import Field

    name = f"f{number}_"
    ours = type(field).get_default is Field.get_default
    if ours and "_get_default" not in type(field).__dict__:
        maker = field._get_default
        if maker is str:
            return "''"
        if field.has_default() and not callable(field.default):
            scope[name] = field.default
            return name
        if not field.has_default() and not field.has_db_default():
            return "None"
        scope[name] = maker
    else:
        scope[name] = field.get_default
    return f"{name}()"


def initialise(instance: Model, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Run the constructor of the instance's class: the generated one if there can be one.

    The first call generates it, and makes it the class's ``__init__`` if that is ours.
    """
    cls = type(instance)
    kept = shelf(cls)
    if "init" not in kept:
        made = kept["init"] = None if not cls._meta.apps.models_ready else compile_init(cls)
        if made is None and not cls._meta.apps.models_ready:
            # More may be added to the class yet.
            del kept["init"]
        elif made is not None and cls.__init__ is _base.Model.__init__ is _base.OWN_INIT:
            made.__qualname__ = f"{cls.__qualname__}.__init__"
            made.__module__ = cls.__module__
            type.__setattr__(cls, "__init__", made)
    made = kept.get("init")
    if made is not None:
        made(instance, *args, **kwargs)
    else:
        plain_init(instance, args, kwargs)


# Rows

type Loader = Callable[[tuple[Any, ...], str], Model]


def row_loader(model: type[Model], attnames: tuple[str, ...], fetch_mode: Any) -> Loader:
    """Return ``load(row, using)``: an instance of ``model`` with the row's values.

    Args:
        attnames: the attributes that the row has, in order. Others are deferred.
        fetch_mode: how those are fetched when they are read.
    """
    kept = shelf(model)
    key = ("row", attnames, fetch_mode)
    loader = kept.get(key)
    if loader is None:
        faithful = _plain_loader(model, attnames, fetch_mode)
        compiles = loads_plainly(model) and all(map(str.isidentifier, attnames))
        loader = kept[key] = (
            _compile_loader(model, attnames, fetch_mode, faithful) if compiles else faithful
        )
    return loader


def loads_plainly(model: type[Model]) -> bool:
    """Whether neither ``from_db`` nor the constructor is anyone's but ours."""
    # A proxy that nobody has constructed yet has the generated constructor of its parent.
    inits = {_base.OWN_INIT, *(each.__dict__.get(SHELF, {}).get("init") for each in model.__mro__)}
    return (
        getattr(model.from_db, "__func__", None) is _base.OWN_FROM_DB
        and model.__init__ in inits
        and _base.Model.__init__ is _base.OWN_INIT
        and can_be_compiled(model)
    )


def _plain_loader(model: type[Model], attnames: tuple[str, ...], fetch_mode: Any) -> Loader:
    own = getattr(model.from_db, "__func__", None) is _base.OWN_FROM_DB
    if (
        own
        or "fetch_mode" in inspect.signature(model.from_db).parameters
        or func_accepts_kwargs(model.from_db)
    ):
        return lambda row, using: model.from_db(using, attnames, row, fetch_mode=fetch_mode)

    def load(row: tuple[Any, ...], using: str) -> Model:
        warnings.warn(
            f"{model.__qualname__}.from_db() must accept a fetch_mode keyword argument. Support "
            "for from_db() methods that do not accept it is deprecated.",
            RemovedInDjango2028Warning,
            stacklevel=2,
        )
        instance = model.from_db(using, attnames, row)
        instance._state.fetch_mode = fetch_mode
        return instance

    return load


def _compile_loader(
    model: type[Model], attnames: tuple[str, ...], fetch_mode: Any, faithful: Loader
) -> Loader:
    columns = [f"v{n}" for n in range(len(attnames))]
    # (Of fields of one name, which a state of migrations may have, the last one counts.)
    values = dict(zip(attnames, columns, strict=True))
    lay_out_rows(model)
    source = "\n".join(
        [
            "def load(row, using):",
            "    if (pre.receivers or post.receivers) and heard(pre, post, C):",
            "        return faithful(row, using)",
            f"    {', '.join(columns)}, = row",
            *(
                f"    {line}"
                for line in source_of_instance("self", "C", "states[using]()", values, model)
            ),
            "    return self",
        ]
    )
    scope = {
        "pre": pre_init,
        "post": post_init,
        "heard": listened_to,
        "faithful": faithful,
        "newC": model.__new__,
        "states": _base.StatesOfRows(fetch_mode),
        "C": model,
    }
    return compile_function(source, "load", scope, f"rows of {model._meta.label}")


from nuages.db.models import base as _base  # noqa: E402  (each needs the other by name)
