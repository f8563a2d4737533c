"""Text functions. Manual: "Text functions".

Most are a line each: the class statement says how the function is called, and where it is called otherwise
(see ``Func.__init_subclass__``).
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import CharField, IntegerField, TextField
from nuages.db.models.functions.comparison import Cast, Coalesce
from nuages.db.models.lookups import Transform
from nuages.db.utils import NotSupportedError

# -- hashes --------------------------------------------------------------------------------------

#: On Oracle hashes are bytes, over the bytes of the text.
_ORACLE_HASH = "LOWER(RAWTOHEX(STANDARD_HASH(UTL_I18N.STRING_TO_RAW(%(expressions)s, 'AL32UTF8'), '%(function)s')))"


class _Digest(Transform):
    """A hash, as hexadecimal. On PostgreSQL it comes from pgcrypto, except for MD5."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """DIGEST, which takes the algorithm's name in lower case."""
        algorithm = (self.function or "").lower()
        return self.as_sql(
            compiler,
            connection,
            template=f"ENCODE(DIGEST(%(expressions)s, '{algorithm}'), 'hex')",
            **extra_context,
        )

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SHA2 takes the number of bits; SHA1 has a function of its own."""
        bits = (self.function or "").removeprefix("SHA")
        template = None if bits == "1" else f"SHA2(%(expressions)s, {bits})"
        return self.as_sql(compiler, connection, template=template, **extra_context)


class MD5(Transform, sql="MD5", name="md5", oracle=_ORACLE_HASH):
    """The MD5 hash, as hexadecimal."""


class SHA1(_Digest, sql="SHA1", name="sha1", oracle=_ORACLE_HASH):
    """The SHA-1 hash, as hexadecimal."""


class SHA224(_Digest, sql="SHA224", name="sha224"):
    """The SHA-224 hash, as hexadecimal. Oracle does not have it."""

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Raise ``NotSupportedError``."""
        raise NotSupportedError("SHA224 is not supported on Oracle.")


class SHA256(_Digest, sql="SHA256", name="sha256", oracle=_ORACLE_HASH):
    """The SHA-256 hash, as hexadecimal."""


class SHA384(_Digest, sql="SHA384", name="sha384", oracle=_ORACLE_HASH):
    """The SHA-384 hash, as hexadecimal."""


class SHA512(_Digest, sql="SHA512", name="sha512", oracle=_ORACLE_HASH):
    """The SHA-512 hash, as hexadecimal."""


# -- characters ----------------------------------------------------------------------------------


class Lower(Transform, sql="LOWER", name="lower"):
    """In lower case."""

    trail_safe = True


class Upper(Transform, sql="UPPER", name="upper"):
    """In upper case."""

    trail_safe = True


class LTrim(Transform, sql="LTRIM", name="ltrim"):
    """Without spaces on the left."""


class RTrim(Transform, sql="RTRIM", name="rtrim"):
    """Without spaces on the right."""


class Trim(Transform, sql="TRIM", name="trim"):
    """Without spaces on either side."""


class Chr(
    Transform,
    sql="CHR",
    name="chr",
    gives=CharField,
    sqlite="CHAR",
    mysql="CHAR(%(expressions)s USING utf16)",
    oracle="CHR(%(expressions)s USING NCHAR_CS)",
):
    """The character of a code point."""


class Ord(Transform, sql="ASCII", name="ord", gives=IntegerField, sqlite="UNICODE", mysql="ORD"):
    """The code point of the first character."""


class Length(Transform, sql="LENGTH", name="length", gives=IntegerField, mysql="CHAR_LENGTH"):
    """The number of characters (on MySQL ``LENGTH`` would count bytes)."""

    trail_safe = True


class Reverse(Transform, sql="REVERSE", name="reverse"):
    """From the last character to the first."""

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """List the characters backwards: REVERSE would turn bytes around."""
        characters = (
            "SELECT LEVEL n, SUBSTR(%(expressions)s, LEVEL, 1) s FROM DUAL "
            "CONNECT BY LEVEL <= LENGTH(%(expressions)s)"
        )
        joined = f"(SELECT LISTAGG(s) WITHIN GROUP (ORDER BY n DESC) FROM ({characters}) GROUP BY %(expressions)s)"
        sql, params = self.as_sql(compiler, connection, template=joined, **extra_context)
        return sql, params * 3


# -- joining and replacing -----------------------------------------------------------------------


class ConcatPair(Func, sql="CONCAT", mysql="CONCAT_WS('', %(expressions)s)"):
    """Two texts, one after the other; NULL counts as no text."""

    def coalesce(self) -> ConcatPair:
        """Return a copy in which NULL is an empty text."""
        empty = Value("")
        return self._mapped(lambda source: Coalesce(source, empty))

    def _piped(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        whole = {"template": "(%(expressions)s)", "arg_joiner": " || ", **extra_context}
        return Func.as_sql(self.coalesce(), compiler, connection, **whole)

    as_sqlite = pipes_concat_sql = _piped

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Cast what is no text: ``||`` means something else for other types."""

        def text(source: Any) -> Any:
            known = isinstance(source, ConcatPair) or isinstance(
                source.output_field, (CharField, TextField)
            )
            return source if known else Cast(source, TextField())

        return self._mapped(text)._piped(compiler, connection, **extra_context)


class Concat(Func):
    """Several texts, one after the other. Manual: "Concat"."""

    template = "%(expressions)s"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Concat must take at least two expressions")
        # Databases know pairs only: a, (b, (c, d)).
        super().__init__(
            reduce(lambda rest, item: ConcatPair(item, rest), reversed(expressions)), **extra
        )


class Replace(Func, sql="REPLACE"):
    """With each ``text`` in it replaced."""

    def __init__(
        self, expression: Any, text: Any, replacement: Any = Value(""), **extra: Any
    ) -> None:
        super().__init__(expression, text, replacement, **extra)


def _check_least(name: str, value: Any, least: int, message: str) -> None:
    """Raise ``ValueError`` for a number that is too small; expressions are the database's affair."""
    if value is not None and not hasattr(value, "resolve_expression") and value < least:
        raise ValueError(f"'{name}' must be {message}")


class Repeat(Func, sql="REPEAT", gives=CharField):
    """The text several times."""

    def __init__(self, expression: Any, number: Any, **extra: Any) -> None:
        _check_least("number", number, 0, "greater or equal to 0.")
        super().__init__(expression, number, **extra)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Fill up to a multiple of the length, with itself."""
        text, times = self.source_expressions
        return RPad(text, Length(text) * times, text).as_sql(compiler, connection, **extra_context)


class LPad(Func, sql="LPAD", gives=CharField):
    """Filled up on the left."""

    def __init__(
        self, expression: Any, length: Any, fill_text: Any = Value(" "), **extra: Any
    ) -> None:
        _check_least("length", length, 0, "greater or equal to 0.")
        super().__init__(expression, length, fill_text, **extra)


class RPad(LPad, sql="RPAD"):
    """Filled up on the right."""


# -- parts ---------------------------------------------------------------------------------------


class StrIndex(Func, sql="INSTR", takes=2, gives=IntegerField, postgresql="STRPOS"):
    """The position of a text in another, from 1; 0 if it is not in it."""


class Substr(Func, sql="SUBSTRING", gives=CharField, sqlite="SUBSTR", oracle="SUBSTR"):
    """A part of a text: ``pos`` counts from 1."""

    def __init__(self, expression: Any, pos: Any, length: Any = None, **extra: Any) -> None:
        _check_least("pos", pos, 1, "greater than 0")
        super().__init__(expression, pos, *(() if length is None else (length,)), **extra)


class Left(Func, sql="LEFT", takes=2, gives=CharField):
    """The first characters."""

    def __init__(self, expression: Any, length: Any, **extra: Any) -> None:
        _check_least("length", length, 1, "greater than 0.")
        super().__init__(expression, length, **extra)

    def _start(self, length: Any) -> Any:
        return Value(1)

    def get_substr(self) -> Substr:
        """Return the same as a ``Substr``, for databases that have nothing else."""
        text, length = self.source_expressions
        return Substr(text, self._start(length), length)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """By SUBSTR."""
        return self.get_substr().as_sqlite(compiler, connection, **extra_context)

    as_oracle = as_sqlite


class Right(Left, sql="RIGHT"):
    """The last characters."""

    def _start(self, length: Any) -> Any:
        return length * Value(-1)
