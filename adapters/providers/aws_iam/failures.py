"""What the errors of IAM and STS mean to us. What they repeat of a request is cut, where it could be a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import requests
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError
from botocore.parsers import ResponseParserError

from adapters.provider_https import told
from domain.backends import BackendError, BackendRefused, BackendUnavailable

T = TypeVar("T")
PAGE: Final = "docs/how-to/lease-from-aws.md"
_STATUS_TOO_MANY: Final = 429
_STATUS_SERVER: Final = 500
_BUSY: Final = frozenset(
    {
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_UNKNOWN: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})
_LOGIN: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class Absent(BackendRefused):
    """What was asked for is not there."""


class Busy(BackendUnavailable):
    """AWS did nothing, and wants to be asked again later."""


class Denied(BackendRefused):
    """Some policy is against it."""


class Entangled(BackendRefused):
    """Something still belongs to what is to be deleted."""


class UnknownKey(BackendRefused):
    """AWS does not know the access key that the request is signed with; perhaps not yet."""


def failure(doing: str, error: ClientError, hidden: tuple[str, ...] = ()) -> BackendError:
    """The error to raise for what AWS answered."""
    said, code = error.response.get("Error", {}), error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    what = f"AWS: {doing}: {told(code)}: {told(said.get('Message', ''), *hidden)}"
    if code in _BUSY or status == _STATUS_TOO_MANY:
        return Busy(what)
    if status >= _STATUS_SERVER or code in {"RequestTimeout", "RequestTimeoutException"}:
        return BackendUnavailable(what)
    if code in _UNKNOWN:
        return UnknownKey(f"AWS: {doing}: {code}: AWS does not know the access key; was it deleted or made inactive?")
    if code in _LOGIN:  # AWS's text repeats what was signed
        return BackendRefused(f"AWS: {doing}: {code}: check the secret key, the session token and this machine's clock")
    if code in _DENIED:
        return Denied(f"{what}; the policies that it takes are in {PAGE}")
    return {"NoSuchEntity": Absent, "DeleteConflict": Entangled}.get(code, BackendRefused)(what)


def checked(doing: str, answer: T) -> T:
    """The answer, if it is one of AWS's, each of which has an id; raises `BackendRefused`."""
    if not cast("dict[str, Any]", answer).get("ResponseMetadata", {}).get("RequestId"):
        raise not_aws(doing)
    return answer


def not_aws(doing: str) -> BackendRefused:
    """The error to raise for an answer that cannot be AWS's."""
    return BackendRefused(f"AWS: {doing}: what answers is not AWS; check region and endpoints")


@contextmanager
def translated(doing: str, hidden: tuple[str, ...]) -> Iterator[None]:
    """Raises what the libraries raise as errors of ours, without what they hold."""
    try:
        yield
    except ClientError as error:
        raise failure(doing, error, hidden) from None
    except (requests.Timeout, requests.ConnectionError) as error:
        raise BackendUnavailable(f"AWS: {doing}: no answer: {told(str(error), *hidden)}") from None
    except requests.exceptions.InvalidHeader:
        raise BackendRefused(f"AWS: {doing}: the access key's id or the token has a line break or the like") from None
    except requests.RequestException as error:
        raise BackendUnavailable(f"AWS: {doing}: no answer: {type(error).__name__}") from None
    except ParamValidationError as error:
        raise BackendRefused(f"AWS: {doing}: {told(str(error), *hidden)}") from None
    except (NoCredentialsError, RuntimeError):  # the latter if what it gives has ended
        raise BackendUnavailable(f"AWS: {doing}: the machine's role gives no credentials any more") from None
    except BotoCoreError as error:
        raise BackendUnavailable(f"AWS: {doing}: {told(str(error), *hidden)}") from None
    except (ResponseParserError, KeyError, ValueError):  # the library reads what it got without a second look
        raise not_aws(doing) from None
