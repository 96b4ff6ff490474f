"""Hashes that servers take in place of passwords."""

from __future__ import annotations

from adapters.passwords import fresh_password
from adapters.providers.mysql import hashes
from adapters.providers.mysql.hashes import caching_sha2, native


def test_native_is_the_hash_that_servers_show() -> None:
    assert native("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"


def test_caching_sha2_is_sha_crypt_with_its_published_vector() -> None:
    kept = caching_sha2("This is just a test", "toolongsaltstrin")
    assert kept == "$A$005$toolongsaltstrinUn/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"


def test_caching_sha2_is_what_mysql_keeps() -> None:
    """The example that hashcat gives for its mode 7401, whose salt is not ASCII."""
    salt = bytes.fromhex("F9CC98CE08892924F50A213B6BC571A2C11778C5")
    assert hashes._sha256_crypt(b"hashcat", salt) == "bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/"


def test_fresh_salts_make_different_hashes_of_fixed_length() -> None:
    password = fresh_password()
    first, second = caching_sha2(password), caching_sha2(password)
    assert first != second
    assert len(first) == len(second) == len("$A$005$") + 20 + 43
