"""Passwords to hashes. Manual: "Password management in Django".

An encoded password names its algorithm first: ``algorithm$parameters…$salt$hash``.
"""

from __future__ import annotations

import base64
import functools
import importlib
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.signals import setting_changed
from nuages.dispatch import receiver
from nuages.utils._lazy import later
from nuages.utils.concurrency import sync_to_async
from nuages.utils.crypto import (
    RANDOM_STRING_CHARS,
    constant_time_compare,
    get_random_string,
    pbkdf2,
)
from nuages.utils.encoding import force_bytes, force_str
from nuages.utils.module_loading import import_string
from nuages.utils.translation import gettext_noop as _

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = later("hashlib")

#: Begins what stands in the place of a password that nobody can enter.
UNUSABLE_PASSWORD_PREFIX = "!"
UNUSABLE_PASSWORD_SUFFIX_LENGTH = 40


def is_password_usable(encoded: str | None) -> bool:
    """Whether a password could match; not so after ``make_password(None)``."""
    return encoded is None or not encoded.startswith(UNUSABLE_PASSWORD_PREFIX)


def verify_password(
    password: Any, encoded: str | None, preferred: Any = "default"
) -> tuple[bool, bool]:
    """Return whether the password matches, and whether its hash should be renewed."""
    preferred = get_hasher(preferred)
    try:
        hasher = identify_hasher(encoded)
    except ValueError:
        hasher = None  # made by something that is not configured
    if password is None or hasher is None or not is_password_usable(encoded):
        # As much work as for a real password, so that nobody learns the difference.
        make_password(get_random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH))
        return False, False
    other = hasher.algorithm != preferred.algorithm
    outdated = other or preferred.must_update(encoded)
    matches = hasher.verify(password, encoded)
    if outdated and not (matches or other):
        hasher.harden_runtime(password, encoded)
    return matches, outdated


def check_password(
    password: Any,
    encoded: str | None,
    setter: Callable[[Any], Any] | None = None,
    preferred: Any = "default",
) -> bool:
    """Whether the password matches its encoded form.

    Args:
        password: as entered.
        encoded: as stored.
        setter: called with the password if it matches but its hash should be renewed.
        preferred: the algorithm that new hashes use.
    """
    matches, outdated = verify_password(password, encoded, preferred=preferred)
    if matches and outdated and setter:
        setter(password)
    return matches


async def acheck_password(
    password: Any,
    encoded: str | None,
    setter: Callable[[Any], Any] | None = None,
    preferred: Any = "default",
) -> bool:
    """Asynchronous twin of ``check_password``; hashing runs on a thread."""
    on_a_thread = sync_to_async(verify_password, thread_sensitive=False)
    result = await on_a_thread(password, encoded, preferred=preferred)
    if setter and all(result):
        await setter(password)
    return result[0]


def make_password(password: Any, salt: Any = None, hasher: Any = "default") -> str:
    """Return the encoded form of a password; of None, one that never matches.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if password is None:
        return UNUSABLE_PASSWORD_PREFIX + get_random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH)
    if not isinstance(password, (bytes, str)):
        raise TypeError(f"Password must be a string or bytes, got {type(password).__qualname__}.")
    chosen = get_hasher(hasher)
    return chosen.encode(password, salt or chosen.salt())


@functools.lru_cache
def get_hashers() -> list[Any]:
    """Return the hashers of ``PASSWORD_HASHERS``.

    Raises:
        ImproperlyConfigured: one names no algorithm.
    """
    made = {path: import_string(path)() for path in settings.PASSWORD_HASHERS}
    for path, hasher in made.items():
        if not getattr(hasher, "algorithm", None):
            raise ImproperlyConfigured(f"hasher doesn't specify an algorithm name: {path}")
    return [*made.values()]


@functools.lru_cache
def get_hashers_by_algorithm() -> dict[str, Any]:
    """Return the hashers by the name of their algorithm."""
    return {hasher.algorithm: hasher for hasher in get_hashers()}


@receiver(setting_changed)
def reset_hashers(*, setting: str, **kwargs: Any) -> None:
    """Forget the hashers when the setting changes."""
    for kept in (get_hashers, get_hashers_by_algorithm) if setting == "PASSWORD_HASHERS" else ():
        kept.cache_clear()


def get_hasher(algorithm: Any = "default") -> Any:
    """Return the hasher of an algorithm; the first for "default".

    Raises:
        ValueError: none such is configured.
    """
    if hasattr(algorithm, "algorithm"):
        return algorithm
    if algorithm == "default":
        return get_hashers()[0]
    try:
        return get_hashers_by_algorithm()[algorithm]
    except KeyError:
        raise ValueError(
            f"Unknown password hashing algorithm '{algorithm}'. Did you specify it in the "
            "PASSWORD_HASHERS setting?"
        ) from None


def identify_hasher(encoded: str | None) -> Any:
    """Return the hasher that made an encoded password.

    Raises:
        ValueError: none that is configured did.
    """
    encoded = encoded or ""
    bare_md5 = (len(encoded) == 32 and "$" not in encoded) or (
        len(encoded) == 37 and encoded.startswith("md5$$")
    )
    return get_hasher("unsalted_md5" if bare_md5 else encoded.split("$", 1)[0])


def mask_hash(hash: str, show: int = 6, char: str = "*") -> str:
    """Return a hash of which only the beginning shows."""
    return hash[:show] + char * len(hash[show:])


def must_update_salt(salt: Any, expected_entropy: int) -> bool:
    """Whether a salt is weaker than those made today."""
    return len(salt) * math.log2(len(RANDOM_STRING_CHARS)) < expected_entropy


def _must_provide(name: str, article: str = "a") -> Any:
    """Return a method that subclasses replace."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"subclasses of BasePasswordHasher must provide {article} {name}() method"
        )

    method.__name__ = name
    method.__doc__ = f"Subclasses provide ``{name}()``."
    return method


class BasePasswordHasher:
    """Base of hashers.

    Subclasses provide ``encode(password, salt)``, which returns the encoded form, ``decode(encoded)``,
    which returns its parts, ``verify(password, encoded)``, and ``safe_summary(encoded)``, which
    returns what may be shown.

    Attributes:
        algorithm: the name that encoded passwords begin with.
        library: a module that is needed, or its names for display and import.
        salt_entropy: bits.
    """

    salt_entropy = 128
    algorithm: str | None = None
    library: str | tuple[str, str] | None = None

    encode = _must_provide("encode", "an")
    decode = _must_provide("decode")
    verify = _must_provide("verify")
    safe_summary = _must_provide("safe_summary")

    def must_update(self, encoded: str) -> bool:
        """Whether the hash is weaker than those made today."""
        return False

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the work that a stronger hash would have taken in addition."""
        message = "subclasses of BasePasswordHasher should provide a harden_runtime() method"
        warnings.warn(message, stacklevel=2)

    def salt(self) -> Any:
        """Return a random salt."""
        bits_each = math.log2(len(RANDOM_STRING_CHARS))
        return get_random_string(math.ceil(self.salt_entropy / bits_each))

    def _load_library(self) -> Any:
        wanted, kind = self.library, type(self).__name__
        if not wanted:
            raise ValueError(f"Hasher {kind!r} doesn't specify a library attribute")
        *_unused, module = [wanted] if isinstance(wanted, str) else wanted
        try:
            return importlib.import_module(module)
        except ImportError as error:
            problem = f"Couldn't load {kind!r} algorithm library: {error}"
            raise ValueError(problem) from error

    @staticmethod
    def _check_encode_args(password: Any, salt: Any) -> None:
        if password is None:
            raise TypeError("password must be provided.")
        if not salt or "$" in force_str(salt):
            raise ValueError("salt must be provided and cannot contain $.")


class _LaidOut(BasePasswordHasher):
    """A hasher whose encoded form is a list of parts: ``algorithm$part$part…``.

    Attributes:
        layout: name and type of each part, in order; ``salt`` and ``hash`` are among them.
        costs: the parts that say how much work it is, with the attributes that say it today.
        summary: labels of the parts that may be shown, with the number of characters that stay
            readable (0 for all).
    """

    layout: tuple[tuple[str, Callable[[str], Any]], ...]
    costs: dict[str, str] = {}
    summary: dict[str, tuple[str, int]]
    weak_salts_count = True

    def _digest(self, password: Any, salt: str, costs: dict[str, Any]) -> str:
        raise NotImplementedError("subclasses do the work")

    def _encoded(self, password: Any, salt: Any, given: dict[str, Any]) -> str:
        self._check_encode_args(password, salt)
        parts = {part: given.get(part) or getattr(self, now) for part, now in self.costs.items()}
        parts["salt"] = force_str(salt)
        parts["hash"] = self._digest(password, parts["salt"], parts)
        return "$".join([self.algorithm or "", *(str(parts[name]) for name, _ in self.layout)])

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        algorithm, *texts = encoded.split("$", len(self.layout))
        assert algorithm == self.algorithm
        pairs = zip(self.layout, texts, strict=True)
        return {"algorithm": algorithm} | {name: read(text) for (name, read), text in pairs}

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        parts = self.decode(encoded)
        costs = [parts[name] for name in self.costs]
        return constant_time_compare(self.encode(password, parts["salt"], *costs), encoded)

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            label: mask_hash(parts[name], show=readable) if readable else parts[name]
            for label, (name, readable) in self.summary.items()
        }

    def must_update(self, encoded: str) -> bool:
        """Whether work or salt are not those of today."""
        parts = self.decode(encoded)
        if any(parts[part] != getattr(self, now) for part, now in self.costs.items()):
            return True
        return self.weak_salts_count and must_update_salt(parts["salt"], self.salt_entropy)


class _Digest:
    """A constructor of ``hashlib``, imported when somebody makes a hash."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return getattr(hashlib, self.name)


class PBKDF2PasswordHasher(_LaidOut):
    """PBKDF2 with SHA-256."""

    algorithm = "pbkdf2_sha256"
    digest: Any = _Digest("sha256")
    iterations = 1_500_000

    layout = (("iterations", int), ("salt", str), ("hash", str))
    costs = {"iterations": "iterations"}
    summary = {
        _("algorithm"): ("algorithm", 0),
        _("iterations"): ("iterations", 0),
        _("salt"): ("salt", 6),
        _("hash"): ("hash", 6),
    }

    def encode(self, password: Any, salt: Any, iterations: int | None = None) -> str:
        """Return the encoded form of a password."""
        return self._encoded(password, salt, {"iterations": iterations})

    def _digest(self, password: Any, salt: str, costs: dict[str, Any]) -> str:
        made = pbkdf2(password, salt, costs["iterations"], digest=type(self).digest)
        return base64.b64encode(made).decode("ascii").strip()

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the rounds that are missing."""
        done = self.decode(encoded)
        if (missing := self.iterations - done["iterations"]) > 0:
            self.encode(password, done["salt"], missing)


class PBKDF2SHA1PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with SHA-1, for old hashes."""

    digest: Any = _Digest("sha1")
    algorithm = "pbkdf2_sha1"


class ScryptPasswordHasher(_LaidOut):
    """scrypt."""

    algorithm = "scrypt"
    work_factor, block_size, parallelism, maxmem = 2**14, 8, 5, 0

    layout = (
        ("work_factor", int),
        ("salt", str),
        ("block_size", int),
        ("parallelism", int),
        ("hash", str),
    )
    costs = {name: name for name in ("work_factor", "block_size", "parallelism")}
    summary = {
        _("algorithm"): ("algorithm", 0),
        _("work factor"): ("work_factor", 0),
        _("block size"): ("block_size", 0),
        _("parallelism"): ("parallelism", 0),
        _("salt"): ("salt", 6),
        _("hash"): ("hash", 6),
    }
    weak_salts_count = False

    def encode(
        self,
        password: Any,
        salt: Any,
        n: int | None = None,
        r: int | None = None,
        p: int | None = None,
    ) -> str:
        """Return the encoded form of a password."""
        given = {"work_factor": n, "block_size": r, "parallelism": p}
        return self._encoded(password, salt, given)

    def _digest(self, password: Any, salt: str, costs: dict[str, Any]) -> str:
        n, r, p = (costs[name] for name in self.costs)
        options = {"salt": salt.encode(), "n": n, "r": r, "p": p, "maxmem": self.maxmem}
        made = hashlib.scrypt(force_bytes(password), **options, dklen=64)
        return base64.b64encode(made).decode("ascii").strip()

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: the cost of scrypt cannot be split."""


class MD5PasswordHasher(_LaidOut):
    """Salted MD5: weak, for tests that hash a lot."""

    algorithm = "md5"
    layout = (("salt", str), ("hash", str))
    summary = {
        _("algorithm"): ("algorithm", 0),
        _("salt"): ("salt", 2),
        _("hash"): ("hash", 6),
    }

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        return self._encoded(password, salt, {})

    def _digest(self, password: Any, salt: str, costs: dict[str, Any]) -> str:
        return hashlib.md5(salt.encode() + force_bytes(password), usedforsecurity=False).hexdigest()

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: there is no cost to speak of."""


class Argon2PasswordHasher(BasePasswordHasher):
    """Argon2id; needs argon2-cffi."""

    library = algorithm = "argon2"
    memory_cost, parallelism, time_cost = 102400, 8, 2

    def params(self) -> Any:
        """Return the parameters as argon2-cffi takes them."""
        argon2 = self._load_library()
        costs = {name: getattr(self, name) for name in ("time_cost", "memory_cost", "parallelism")}
        return argon2.Parameters(
            version=argon2.low_level.ARGON2_VERSION,
            type=argon2.low_level.Type.ID,
            hash_len=argon2.DEFAULT_HASH_LENGTH,
            salt_len=argon2.DEFAULT_RANDOM_SALT_LENGTH,
            **costs,
        )

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        chosen = self.params()
        names = ("time_cost", "memory_cost", "parallelism", "hash_len", "type")
        made = self._load_library().low_level.hash_secret(
            *map(force_bytes, (password, salt)), **{name: getattr(chosen, name) for name in names}
        )
        return f"{self.algorithm}{made.decode('ascii')}"

    def _bare(self, encoded: str) -> str:
        """Return what argon2-cffi made."""
        algorithm, dollar, rest = encoded.partition("$")
        assert algorithm == self.algorithm
        return dollar + rest

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        bare = self._bare(encoded)
        used = self._load_library().extract_parameters(bare)
        variety, *_unused, salt, made = bare[1:].split("$")
        parts = {name: getattr(used, name) for name in ("memory_cost", "parallelism", "time_cost")}
        # The padding is left out there.
        text = base64.b64decode(f"{salt}{'=' * (-len(salt) % 4)}").decode("latin1")
        return {
            **parts,
            "algorithm": self.algorithm,
            "variety": variety,
            "version": used.version,
            "salt": text,
            "hash": made,
            "params": used,
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        argon2 = self._load_library()
        try:
            return argon2.PasswordHasher().verify(self._bare(encoded), password)
        except argon2.exceptions.VerificationError:
            return False

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        plain = {
            _("algorithm"): "algorithm",
            _("variety"): "variety",
            _("version"): "version",
            _("memory cost"): "memory_cost",
            _("time cost"): "time_cost",
            _("parallelism"): "parallelism",
        }
        shown = {label: parts[name] for label, name in plain.items()}
        masked = {_("salt"): "salt", _("hash"): "hash"}
        return shown | {label: mask_hash(parts[name]) for label, name in masked.items()}

    def must_update(self, encoded: str) -> bool:
        """Whether the parameters are not those of today."""
        parts, today = self.decode(encoded), self.params()
        # The length of old salts does not matter: their strength is looked at by itself.
        today.salt_len = parts["params"].salt_len
        weak = must_update_salt(parts["salt"], self.salt_entropy)
        return weak or parts["params"] != today

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: the cost of Argon2 cannot be split."""


class BCryptSHA256PasswordHasher(BasePasswordHasher):
    """bcrypt of the SHA-256 digest, so that long passwords count whole; needs bcrypt."""

    rounds = 12
    algorithm = "bcrypt_sha256"
    library = ("bcrypt", "bcrypt")
    digest: Any = _Digest("sha256")

    def salt(self) -> bytes:
        """Return a random salt of bcrypt's form."""
        return self._load_library().gensalt(self.rounds)

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        secret, shorten = force_bytes(password), type(self).digest
        if shorten is not None:
            secret = shorten(secret).hexdigest().encode("ascii")
        made = self._load_library().hashpw(secret, force_bytes(salt))
        return "$".join((self.algorithm or "", made.decode("ascii")))

    def _bare(self, encoded: str) -> str:
        """Return what bcrypt made."""
        algorithm, _dollar, rest = encoded.partition("$")
        assert algorithm == self.algorithm
        return rest

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        _empty, variety, cost, data = self._bare(encoded).split("$", 3)
        length = 22  # of the salt
        return {
            "work_factor": int(cost),
            "algostr": variety,
            "algorithm": self.algorithm,
            "salt": data[:length],
            "checksum": data[length:],
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        again = self.encode(password, self._bare(encoded).encode("ascii"))
        return constant_time_compare(again, encoded)

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        salt, checksum = mask_hash(parts["salt"]), mask_hash(parts["checksum"])
        shown = {_("algorithm"): self.algorithm, _("work factor"): parts["work_factor"]}
        return {**shown, _("salt"): salt, _("checksum"): checksum}

    def must_update(self, encoded: str) -> bool:
        """Whether the work factor is not that of today."""
        return self.decode(encoded)["work_factor"] != self.rounds

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the rounds that are missing."""
        salt = self._bare(encoded)[:29].encode("ascii")  # with its prefix
        # The work factor is a logarithm.
        missing = 2 ** (self.rounds - self.decode(encoded)["work_factor"]) - 1
        for _round in range(missing):
            self.encode(password, salt)


class BCryptPasswordHasher(BCryptSHA256PasswordHasher):
    """bcrypt alone, which looks at the first 72 bytes only."""

    algorithm, digest = "bcrypt", None
