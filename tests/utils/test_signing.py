"""Signatures and packed values are those of the standard library, in whatever way they are made."""

from __future__ import annotations

import hmac
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core import signing
from django.utils.crypto import salted_hmac
from nuages.utils.crypto import salted_digest


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "sha3_256", "blake2b"])
@given(st.text(), st.binary(), st.one_of(st.text(), st.binary()))
def test_digests_are_hmacs(algorithm: str, salt: str, value: bytes, secret: str | bytes) -> None:
    whole = salted_hmac(salt, value, secret, algorithm=algorithm)
    assert isinstance(whole, hmac.HMAC)
    assert salted_digest(salt, value, secret, algorithm) == whole.digest()


@given(st.binary(max_size=300), st.integers(1, 60))
def test_packed_bytes_can_be_unpacked_and_are_as_short(piece: bytes, times: int) -> None:
    data = piece * times
    packed = signing._deflated(data)
    assert zlib.decompress(packed) == data
    assert len(packed) <= len(zlib.compress(data)) * 1.15 + 8


@given(
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none()), max_size=20),
    st.booleans(),
)
def test_signed_objects_come_back(data: dict[str, object], compress: bool) -> None:
    signed = signing.dumps(data, key="k", compress=compress)
    assert signing.loads(signed, key="k") == data
    with pytest.raises(signing.BadSignature):
        signing.loads(signed, key="other")
    with pytest.raises(signing.BadSignature):
        signing.loads(f"{signed[:-1]}{'A' if signed[-1] != 'A' else 'B'}", key="k")


def test_long_objects_are_packed() -> None:
    plain, packed = (
        signing.dumps({"a": "b" * 200}, key="k", compress=way) for way in (False, True)
    )
    assert len(packed) < len(plain) / 3
    assert packed.startswith(".")
