"""Text functions. Manual: "Text functions"."""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import CharField, IntegerField, TextField
from nuages.db.models.functions.comparison import Cast, Coalesce
from nuages.db.models.lookups import Transform
from nuages.db.utils import NotSupportedError


class MySQLSHA2Mixin:
    """SHA-2 on MySQL takes the number of bits, which the function's name ends with."""

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SHA2(text, bits)."""
        return super().as_sql(
            compiler, connection, template=f"SHA2(%(expressions)s, {self.function[3:]})", **extra_context
        )


class OracleHashMixin:
    """Hashes on Oracle: STANDARD_HASH gives bytes."""

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The hexadecimal form, lower case."""
        template = (
            "LOWER(RAWTOHEX(STANDARD_HASH(UTL_I18N.STRING_TO_RAW(%(expressions)s, 'AL32UTF8'), "
            "'%(function)s')))"
        )
        return super().as_sql(compiler, connection, template=template, **extra_context)


class PostgreSQLSHAMixin:
    """Hashes on PostgreSQL come from pgcrypto."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """DIGEST over the UTF-8 bytes, as hexadecimal."""
        return super().as_sql(
            compiler,
            connection,
            template="ENCODE(DIGEST(%(expressions)s, '%(function)s'), 'hex')",
            function=self.function.lower(),
            **extra_context,
        )


class Chr(Transform):
    """The character of a code point."""

    function = "CHR"
    lookup_name = "chr"
    output_field = CharField()

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CHAR, told which encoding the number is in."""
        return super().as_sql(
            compiler,
            connection,
            function="CHAR",
            template="%(function)s(%(expressions)s USING utf16)",
            **extra_context,
        )

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CHR in the national character set."""
        return super().as_sql(
            compiler, connection, template="%(function)s(%(expressions)s USING NCHAR_CS)", **extra_context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CHAR."""
        return super().as_sql(compiler, connection, function="CHAR", **extra_context)


class ConcatPair(Func):
    """Two texts, one after the other; NULL counts as no text."""

    function = "CONCAT"

    def pipes_concat_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Return the form with ``||``."""
        twin = self.coalesce()
        return super(ConcatPair, twin).as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" || ", **extra_context
        )

    as_sqlite = pipes_concat_sql

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Cast what is no text, so that ``||`` means the same everywhere."""
        twin = self._mapped(
            lambda source: source
            if isinstance(source.output_field, (CharField, TextField))
            else Cast(source, TextField())
        )
        return twin.pipes_concat_sql(compiler, connection, **extra_context)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CONCAT_WS with no separator skips NULL."""
        return super().as_sql(
            compiler,
            connection,
            function="CONCAT_WS",
            template="%(function)s('', %(expressions)s)",
            **extra_context,
        )

    def coalesce(self) -> ConcatPair:
        """Return a copy in which NULL is an empty text."""
        return self._mapped(lambda source: Coalesce(source, Value("")))


class Concat(Func):
    """Several texts, one after the other. Manual: "Concat"."""

    function = None
    template = "%(expressions)s"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Concat must take at least two expressions")
        *rest, paired = expressions
        # Databases know pairs only: a, (b, (c, d)).
        for expression in reversed(rest):
            paired = ConcatPair(expression, paired)
        super().__init__(paired, **extra)


class Left(Func):
    """The first characters."""

    function = "LEFT"
    arity = 2
    output_field = CharField()

    def __init__(self, expression: Any, length: Any, **extra: Any) -> None:
        if not hasattr(length, "resolve_expression") and length < 1:
            raise ValueError("'length' must be greater than 0.")
        super().__init__(expression, length, **extra)

    def get_substr(self) -> Substr:
        """Return the same as a ``Substr``."""
        text, length = self.source_expressions
        return Substr(text, Value(1), length)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle has SUBSTR only."""
        return self.get_substr().as_oracle(compiler, connection, **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SQLite has SUBSTR only."""
        return self.get_substr().as_sqlite(compiler, connection, **extra_context)


class Length(Transform):
    """The number of characters."""

    function = "LENGTH"
    lookup_name = "length"
    output_field = IntegerField()

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CHAR_LENGTH: LENGTH counts bytes."""
        return super().as_sql(compiler, connection, function="CHAR_LENGTH", **extra_context)


class Lower(Transform):
    """In lower case."""

    function = "LOWER"
    lookup_name = "lower"


class LPad(Func):
    """Filled up on the left."""

    function = "LPAD"
    output_field = CharField()

    def __init__(self, expression: Any, length: Any, fill_text: Any = Value(" "), **extra: Any) -> None:
        if not hasattr(length, "resolve_expression") and length is not None and length < 0:
            raise ValueError("'length' must be greater or equal to 0.")
        super().__init__(expression, length, fill_text, **extra)


class LTrim(Transform):
    """Without spaces on the left."""

    function = "LTRIM"
    lookup_name = "ltrim"


class MD5(OracleHashMixin, Transform):
    """The MD5 hash, as hexadecimal."""

    function = "MD5"
    lookup_name = "md5"


class Ord(Transform):
    """The code point of the first character."""

    function = "ASCII"
    lookup_name = "ord"
    output_field = IntegerField()

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """ORD."""
        return super().as_sql(compiler, connection, function="ORD", **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """UNICODE."""
        return super().as_sql(compiler, connection, function="UNICODE", **extra_context)


class Repeat(Func):
    """The text several times."""

    function = "REPEAT"
    output_field = CharField()

    def __init__(self, expression: Any, number: Any, **extra: Any) -> None:
        if not hasattr(number, "resolve_expression") and number is not None and number < 0:
            raise ValueError("'number' must be greater or equal to 0.")
        super().__init__(expression, number, **extra)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """RPAD to a multiple of the length."""
        text, number = self.source_expressions
        length = None if number is None else Length(text) * number
        return RPad(text, length, text).as_sql(compiler, connection, **extra_context)


class Replace(Func):
    """With each ``text`` in it replaced."""

    function = "REPLACE"

    def __init__(self, expression: Any, text: Any, replacement: Any = Value(""), **extra: Any) -> None:
        super().__init__(expression, text, replacement, **extra)


class Reverse(Transform):
    """From the last character to the first."""

    function = "REVERSE"
    lookup_name = "reverse"

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """REVERSE would turn bytes around, so characters are listed backwards."""
        sql, params = super().as_sql(
            compiler,
            connection,
            template=(
                "(SELECT LISTAGG(s) WITHIN GROUP (ORDER BY n DESC) FROM "
                "(SELECT LEVEL n, SUBSTR(%(expressions)s, LEVEL, 1) s "
                "FROM DUAL CONNECT BY LEVEL <= LENGTH(%(expressions)s)) "
                "GROUP BY %(expressions)s)"
            ),
            **extra_context,
        )
        return sql, params * 3


class Right(Left):
    """The last characters."""

    function = "RIGHT"

    def get_substr(self) -> Substr:
        text, length = self.source_expressions
        return Substr(text, length * Value(-1), length)


class RPad(LPad):
    """Filled up on the right."""

    function = "RPAD"


class RTrim(Transform):
    """Without spaces on the right."""

    function = "RTRIM"
    lookup_name = "rtrim"


class SHA1(OracleHashMixin, PostgreSQLSHAMixin, Transform):
    """The SHA-1 hash, as hexadecimal."""

    function = "SHA1"
    lookup_name = "sha1"


class SHA224(MySQLSHA2Mixin, PostgreSQLSHAMixin, Transform):
    """The SHA-224 hash, as hexadecimal."""

    function = "SHA224"
    lookup_name = "sha224"

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle does not have it."""
        raise NotSupportedError("SHA224 is not supported on Oracle.")


class SHA256(MySQLSHA2Mixin, OracleHashMixin, PostgreSQLSHAMixin, Transform):
    """The SHA-256 hash, as hexadecimal."""

    function = "SHA256"
    lookup_name = "sha256"


class SHA384(MySQLSHA2Mixin, OracleHashMixin, PostgreSQLSHAMixin, Transform):
    """The SHA-384 hash, as hexadecimal."""

    function = "SHA384"
    lookup_name = "sha384"


class SHA512(MySQLSHA2Mixin, OracleHashMixin, PostgreSQLSHAMixin, Transform):
    """The SHA-512 hash, as hexadecimal."""

    function = "SHA512"
    lookup_name = "sha512"


class StrIndex(Func):
    """The position of a text in another, from 1; 0 if it is not in it."""

    function = "INSTR"
    arity = 2
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """STRPOS."""
        return super().as_sql(compiler, connection, function="STRPOS", **extra_context)


class Substr(Func):
    """A part of a text: ``pos`` counts from 1."""

    function = "SUBSTRING"
    output_field = CharField()

    def __init__(self, expression: Any, pos: Any, length: Any = None, **extra: Any) -> None:
        if not hasattr(pos, "resolve_expression") and pos < 1:
            raise ValueError("'pos' must be greater than 0")
        bounds = (pos,) if length is None else (pos, length)
        super().__init__(expression, *bounds, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SUBSTR."""
        return super().as_sql(compiler, connection, function="SUBSTR", **extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SUBSTR."""
        return super().as_sql(compiler, connection, function="SUBSTR", **extra_context)


class Trim(Transform):
    """Without spaces on either side."""

    function = "TRIM"
    lookup_name = "trim"


class Upper(Transform):
    """In upper case."""

    function = "UPPER"
    lookup_name = "upper"
