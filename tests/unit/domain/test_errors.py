"""The tree of errors: stable codes, one status each, and what the messages carry."""

from __future__ import annotations

import pytest

from api.problems import STATUS, status_of
from domain import errors
from domain.errors import AlreadyExists, CheckAndSetFailed, ReferenceCycle, TooManyRequests, TrstctlError

CLASSES = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TrstctlError)),
    key=lambda kind: kind.__name__,
)
STATUSES = {
    "already-exists": 409,
    "already-replied": 409,
    "approval-required": 403,
    "backend-error": 502,
    "backend-refused": 502,
    "backend-unavailable": 503,
    "bad-name": 400,
    "check-and-set-failed": 412,
    "check-and-set-required": 428,
    "conflict": 409,
    "decryption-failed": 400,
    "disabled": 503,
    "forbidden": 403,
    "gone": 410,
    "idempotency-mismatch": 422,
    "internal": 500,
    "invalid": 400,
    "key-unavailable": 503,
    "log-broken": 503,
    "misconfigured": 503,
    "not-found": 404,
    "not-yet": 502,
    "outcome-unknown": 503,
    "passphrase-required": 403,
    "passphrase-wrong": 403,
    "reference-cycle": 409,
    "reference-too-large": 400,
    "refused": 403,
    "store-busy": 503,
    "store-unavailable": 503,
    "too-large": 413,
    "too-many-requests": 429,
    "unauthenticated": 401,
    "unavailable": 503,
    "unknown-destination": 502,
    "unsupported-media-type": 415,
    "version-conflict": 409,
}


def test_every_error_has_a_code_of_its_own() -> None:
    assert [kind.__name__ for kind in CLASSES if "code" not in kind.__dict__] == []
    assert len({kind.code for kind in CLASSES}) == len(CLASSES)


def test_every_code_has_the_status_that_clients_rely_on() -> None:
    found = {kind.code: status_of(kind.__new__(kind)) for kind in CLASSES}
    assert found == STATUSES


def test_no_status_is_kept_for_an_error_that_is_no_more() -> None:
    assert set(STATUS) <= set(CLASSES)


def test_every_error_is_told_in_the_modules_tree() -> None:
    assert [kind.__name__ for kind in CLASSES if kind.__name__ not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize(
    "error,extensions",
    [
        (AlreadyExists("m", ["a", "b"]), {"paths": ["a", "b"]}),
        (CheckAndSetFailed("m", current=3), {"current_version": 3}),
        (ReferenceCycle("m", ["a", "b", "a"]), {"cycle": ["a", "b", "a"]}),
        (TooManyRequests("m", retry_after=2), {}),
    ],
)
def test_extensions_say_what_a_program_needs(error: TrstctlError, extensions: dict[str, object]) -> None:
    assert error.message == str(error) == "m"
    assert error.extensions == extensions
