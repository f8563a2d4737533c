"""Passwords to hashes. Manual: "Password management in Django".

An encoded password names its algorithm first: ``algorithm$parameters…$salt$hash``.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import importlib
import math
import warnings
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.signals import setting_changed
from nuages.dispatch import receiver
from nuages.utils.crypto import (
    RANDOM_STRING_CHARS,
    constant_time_compare,
    get_random_string,
    pbkdf2,
)
from nuages.utils.encoding import force_bytes, force_str
from nuages.utils.module_loading import import_string
from nuages.utils.translation import gettext_noop as _

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
    if setter is not None and matches and outdated:
        setter(password)
    return matches


async def acheck_password(
    password: Any,
    encoded: str | None,
    setter: Callable[[Any], Any] | None = None,
    preferred: Any = "default",
) -> bool:
    """Asynchronous twin of ``check_password``; hashing runs on a thread."""
    verify = sync_to_async(verify_password, thread_sensitive=False)
    matches, outdated = await verify(password, encoded, preferred=preferred)
    if setter is not None and matches and outdated:
        await setter(password)
    return matches


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
    hashers = []
    for path in settings.PASSWORD_HASHERS:
        hasher = import_string(path)()
        if not getattr(hasher, "algorithm", None):
            raise ImproperlyConfigured(f"hasher doesn't specify an algorithm name: {path}")
        hashers.append(hasher)
    return hashers


@functools.lru_cache
def get_hashers_by_algorithm() -> dict[str, Any]:
    """Return the hashers by the name of their algorithm."""
    return {hasher.algorithm: hasher for hasher in get_hashers()}


@receiver(setting_changed)
def reset_hashers(*, setting: str, **kwargs: Any) -> None:
    """Forget the hashers when the setting changes."""
    if setting == "PASSWORD_HASHERS":
        get_hashers.cache_clear()
        get_hashers_by_algorithm.cache_clear()


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


def identify_hasher(encoded: str) -> Any:
    """Return the hasher that made an encoded password.

    Raises:
        ValueError: none that is configured did.
    """
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


class BasePasswordHasher:
    """Base of hashers.

    Attributes:
        algorithm: the name that encoded passwords begin with.
        library: a module that is needed, or its names for display and import.
        salt_entropy: bits.
    """

    algorithm: str | None = None
    library: str | tuple[str, str] | None = None
    salt_entropy = 128

    def _load_library(self) -> Any:
        if self.library is None:
            raise ValueError(f"Hasher {type(self).__name__!r} doesn't specify a library attribute")
        name = self.library if isinstance(self.library, str) else self.library[1]
        try:
            return importlib.import_module(name)
        except ImportError as error:
            raise ValueError(
                f"Couldn't load {type(self).__name__!r} algorithm library: {error}"
            ) from error

    def salt(self) -> Any:
        """Return a random salt."""
        letters = math.ceil(self.salt_entropy / math.log2(len(RANDOM_STRING_CHARS)))
        return get_random_string(letters)

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        raise NotImplementedError("subclasses of BasePasswordHasher must provide a verify() method")

    def _check_encode_args(self, password: Any, salt: Any) -> None:
        if password is None:
            raise TypeError("password must be provided.")
        if not salt or "$" in force_str(salt):
            raise ValueError("salt must be provided and cannot contain $.")

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        raise NotImplementedError(
            "subclasses of BasePasswordHasher must provide an encode() method"
        )

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        raise NotImplementedError("subclasses of BasePasswordHasher must provide a decode() method")

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        raise NotImplementedError(
            "subclasses of BasePasswordHasher must provide a safe_summary() method"
        )

    def must_update(self, encoded: str) -> bool:
        """Whether the hash is weaker than those made today."""
        return False

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the work that a stronger hash would have taken in addition."""
        warnings.warn(
            "subclasses of BasePasswordHasher should provide a harden_runtime() method",
            stacklevel=2,
        )


class PBKDF2PasswordHasher(BasePasswordHasher):
    """PBKDF2 with SHA-256."""

    algorithm = "pbkdf2_sha256"
    iterations = 1_500_000
    digest: Callable[..., Any] = hashlib.sha256

    def encode(self, password: Any, salt: Any, iterations: int | None = None) -> str:
        """Return the encoded form of a password."""
        self._check_encode_args(password, salt)
        rounds = iterations or self.iterations
        salt = force_str(salt)
        made = pbkdf2(password, salt, rounds, digest=self.digest)
        return f"{self.algorithm}${rounds}${salt}${base64.b64encode(made).decode('ascii')}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        algorithm, iterations, salt, made = encoded.split("$", 3)
        assert algorithm == self.algorithm
        return {
            "algorithm": algorithm,
            "hash": made,
            "iterations": int(iterations),
            "salt": salt,
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        parts = self.decode(encoded)
        again = self.encode(password, parts["salt"], parts["iterations"])
        return constant_time_compare(encoded, again)

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("iterations"): parts["iterations"],
            _("salt"): mask_hash(parts["salt"]),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        """Whether rounds or salt are not those of today."""
        parts = self.decode(encoded)
        return parts["iterations"] != self.iterations or must_update_salt(
            parts["salt"], self.salt_entropy
        )

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the rounds that are missing."""
        parts = self.decode(encoded)
        missing = self.iterations - parts["iterations"]
        if missing > 0:
            self.encode(password, parts["salt"], missing)


class PBKDF2SHA1PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with SHA-1, for old hashes."""

    algorithm = "pbkdf2_sha1"
    digest = hashlib.sha1


class Argon2PasswordHasher(BasePasswordHasher):
    """Argon2id; needs argon2-cffi."""

    algorithm = "argon2"
    library = "argon2"

    time_cost = 2
    memory_cost = 102400
    parallelism = 8

    def params(self) -> Any:
        """Return the parameters as argon2-cffi takes them."""
        argon2 = self._load_library()
        return argon2.Parameters(
            type=argon2.low_level.Type.ID,
            version=argon2.low_level.ARGON2_VERSION,
            salt_len=argon2.DEFAULT_RANDOM_SALT_LENGTH,
            hash_len=argon2.DEFAULT_HASH_LENGTH,
            time_cost=self.time_cost,
            memory_cost=self.memory_cost,
            parallelism=self.parallelism,
        )

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        argon2 = self._load_library()
        parameters = self.params()
        made = argon2.low_level.hash_secret(
            force_bytes(password),
            force_bytes(salt),
            time_cost=parameters.time_cost,
            memory_cost=parameters.memory_cost,
            parallelism=parameters.parallelism,
            hash_len=parameters.hash_len,
            type=parameters.type,
        )
        return self.algorithm + made.decode("ascii")

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        argon2 = self._load_library()
        algorithm, rest = encoded.split("$", 1)
        assert algorithm == self.algorithm
        parameters = argon2.extract_parameters(f"${rest}")
        variety, *_unused, salt, made = rest.split("$")
        padded = salt + "=" * (-len(salt) % 4)
        return {
            "algorithm": algorithm,
            "hash": made,
            "memory_cost": parameters.memory_cost,
            "parallelism": parameters.parallelism,
            "salt": base64.b64decode(padded).decode("latin1"),
            "time_cost": parameters.time_cost,
            "variety": variety,
            "version": parameters.version,
            "params": parameters,
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        argon2 = self._load_library()
        algorithm, rest = encoded.split("$", 1)
        assert algorithm == self.algorithm
        try:
            return argon2.PasswordHasher().verify(f"${rest}", password)
        except argon2.exceptions.VerificationError:
            return False

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("variety"): parts["variety"],
            _("version"): parts["version"],
            _("memory cost"): parts["memory_cost"],
            _("time cost"): parts["time_cost"],
            _("parallelism"): parts["parallelism"],
            _("salt"): mask_hash(parts["salt"]),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        """Whether the parameters are not those of today."""
        parts = self.decode(encoded)
        current, used = self.params(), parts["params"]
        # The length of old salts does not matter: their strength is looked at by itself.
        current.salt_len = used.salt_len
        return current != used or must_update_salt(parts["salt"], self.salt_entropy)

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: the cost of Argon2 cannot be split."""


class BCryptSHA256PasswordHasher(BasePasswordHasher):
    """bcrypt of the SHA-256 digest, so that long passwords count whole; needs bcrypt."""

    algorithm = "bcrypt_sha256"
    digest: Callable[..., Any] | None = hashlib.sha256
    library = ("bcrypt", "bcrypt")
    rounds = 12

    def salt(self) -> bytes:
        """Return a random salt of bcrypt's form."""
        return self._load_library().gensalt(self.rounds)

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        bcrypt = self._load_library()
        secret = force_bytes(password)
        if self.digest is not None:
            secret = binascii.hexlify(self.digest(secret).digest())
        made = bcrypt.hashpw(secret, force_bytes(salt))
        return f"{self.algorithm}${made.decode('ascii')}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        algorithm, empty, variety, cost, data = encoded.split("$", 4)
        assert algorithm == self.algorithm
        return {
            "algorithm": algorithm,
            "algostr": variety,
            "checksum": data[22:],
            "salt": data[:22],
            "work_factor": int(cost),
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        algorithm, data = encoded.split("$", 1)
        assert algorithm == self.algorithm
        return constant_time_compare(encoded, self.encode(password, data.encode("ascii")))

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("work factor"): parts["work_factor"],
            _("salt"): mask_hash(parts["salt"]),
            _("checksum"): mask_hash(parts["checksum"]),
        }

    def must_update(self, encoded: str) -> bool:
        """Whether the work factor is not that of today."""
        return self.decode(encoded)["work_factor"] != self.rounds

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do the rounds that are missing."""
        _algorithm, data = encoded.split("$", 1)
        salt = data[:29]  # with its prefix
        cost = int(data.split("$")[2])
        # The work factor is a logarithm.
        for _unused in range(2 ** (self.rounds - cost) - 1):
            self.encode(password, salt.encode("ascii"))


class BCryptPasswordHasher(BCryptSHA256PasswordHasher):
    """bcrypt alone, which looks at the first 72 bytes only."""

    algorithm = "bcrypt"
    digest = None


class ScryptPasswordHasher(BasePasswordHasher):
    """scrypt."""

    algorithm = "scrypt"
    block_size = 8
    maxmem = 0
    parallelism = 5
    work_factor = 2**14

    def encode(
        self,
        password: Any,
        salt: Any,
        n: int | None = None,
        r: int | None = None,
        p: int | None = None,
    ) -> str:
        """Return the encoded form of a password."""
        self._check_encode_args(password, salt)
        n, r, p = n or self.work_factor, r or self.block_size, p or self.parallelism
        salt = force_str(salt)
        made = hashlib.scrypt(
            force_bytes(password), salt=salt.encode(), n=n, r=r, p=p, maxmem=self.maxmem, dklen=64
        )
        return f"{self.algorithm}${n}${salt}${r}${p}${base64.b64encode(made).decode('ascii')}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        algorithm, n, salt, r, p, made = encoded.split("$", 6)
        assert algorithm == self.algorithm
        return {
            "algorithm": algorithm,
            "work_factor": int(n),
            "salt": salt,
            "block_size": int(r),
            "parallelism": int(p),
            "hash": made,
        }

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        parts = self.decode(encoded)
        again = self.encode(
            password,
            parts["salt"],
            parts["work_factor"],
            parts["block_size"],
            parts["parallelism"],
        )
        return constant_time_compare(encoded, again)

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("work factor"): parts["work_factor"],
            _("block size"): parts["block_size"],
            _("parallelism"): parts["parallelism"],
            _("salt"): mask_hash(parts["salt"]),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        """Whether the parameters are not those of today."""
        parts = self.decode(encoded)
        names = ("work_factor", "block_size", "parallelism")
        return any(parts[name] != getattr(self, name) for name in names)

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: the cost of scrypt cannot be split."""


class MD5PasswordHasher(BasePasswordHasher):
    """Salted MD5: weak, for tests that hash a lot."""

    algorithm = "md5"

    def encode(self, password: Any, salt: Any) -> str:
        """Return the encoded form of a password."""
        self._check_encode_args(password, salt)
        salt = force_str(salt)
        made = hashlib.md5(salt.encode() + force_bytes(password), usedforsecurity=False)
        return f"{self.algorithm}${salt}${made.hexdigest()}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of an encoded password."""
        algorithm, salt, made = encoded.split("$", 2)
        assert algorithm == self.algorithm
        return {"algorithm": algorithm, "salt": salt, "hash": made}

    def verify(self, password: Any, encoded: str) -> bool:
        """Whether the password matches."""
        return constant_time_compare(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """Return what may be shown of an encoded password."""
        parts = self.decode(encoded)
        return {
            _("algorithm"): parts["algorithm"],
            _("salt"): mask_hash(parts["salt"], show=2),
            _("hash"): mask_hash(parts["hash"]),
        }

    def must_update(self, encoded: str) -> bool:
        """Whether the salt is weaker than those of today."""
        return must_update_salt(self.decode(encoded)["salt"], self.salt_entropy)

    def harden_runtime(self, password: Any, encoded: str) -> None:
        """Do nothing: there is no cost to speak of."""
