"""A credential as it stands in a stored secret: a URL with user and password, or a JSON object with both.

What else is in the value stays as it is, byte for byte in a URL, member for member in an object.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec

from domain.errors import Conflict

Fields = dict[str, str | int]

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,40}://)(?P<username>[^:@/?#]{1,1000}):(?P<password>[^@/?#]{0,5000})@"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,60}\]|[^:@/?#,]{0,300})(:(?P<port>[0-9]{1,5}))?(?P<rest>(,[^/?#]*)?(/[^?#]{0,300})?.*)\Z",
    re.DOTALL,
)
_NAMES: Final[dict[str, str]] = {
    "username": "username", "user": "username", "password": "password",
    "access_key_id": "access_key_id", "aws_access_key_id": "access_key_id",
    "secret_access_key": "secret_access_key", "aws_secret_access_key": "secret_access_key",
    "dsn": "dsn", "url": "dsn", "uri": "dsn", "host": "host", "port": "port", "database": "database",
}  # fmt: skip
"""What members are called, in lower case, and what they mean."""
_IDENTITIES: Final = ("username", "access_key_id")


def fields_of(text: str) -> Fields:
    """The credential in `text`; raises `Conflict` if there is none that could be rotated."""
    if match := _URL.match(text.strip()):
        return _of_url(match)
    members = _members(text)
    found: Fields = {}
    for name, value in members.items():
        meaning = _NAMES.get(name.lower())
        if meaning == "dsn" and isinstance(value, str) and (match := _URL.match(value)):
            found = _of_url(match) | found
        elif meaning and isinstance(value, str | int):
            found[meaning] = value
    if identity_of(found) is None:
        raise _unknown()
    return found


def identity_of(fields: Fields) -> str | None:
    """Whose credential it is: the user's name, or the key's id."""
    return next((str(fields[name]) for name in _IDENTITIES if name in fields), None)


def replaced(text: str, new: Fields) -> str:
    """`text` with the credential `new` in place of its own; raises `Conflict` if it holds none."""
    stripped = text.strip()
    if _URL.match(stripped):
        return _in_url(stripped, new)
    members = _members(text)
    changed = {name: _member(name, value, new) for name, value in members.items()}
    if changed == members:
        raise _unknown()
    return msgspec.json.encode(changed).decode()


def _member(name: str, value: Any, new: Fields) -> Any:  # noqa: ANN401 - whatever the object holds
    meaning = _NAMES.get(name.lower())
    if meaning == "dsn" and isinstance(value, str) and _URL.match(value):
        return _in_url(value, new)
    if meaning in {"username", "password", "access_key_id", "secret_access_key"} and meaning in new:
        return new[meaning]
    return value


def _of_url(match: re.Match[str]) -> Fields:
    found: Fields = {
        "username": unquote(match["username"]),
        "password": unquote(match["password"]),
        "host": match["host"].strip("[]"),
        "dsn": match[0],
    }
    if match["port"]:
        found["port"] = int(match["port"])
    path = re.match(r"/([^?]+)", match["rest"])
    if path:
        found["database"] = unquote(path[1])
    return found


def _in_url(text: str, new: Fields) -> str:
    match = _URL.match(text)
    if match is None or "username" not in new:
        raise _unknown()
    user, password = (quote(str(new[name]), safe="") for name in ("username", "password"))
    return f"{match['scheme']}{user}:{password}@{text[match.start('host') :]}"


def _members(text: str) -> dict[str, Any]:
    try:
        members = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise _unknown() from None
    return members


def _unknown() -> Conflict:
    return Conflict(
        "the stored secret holds no credential that can be rotated: it has to be a URL with user and password, or a"
        " JSON object with username and password, or with access_key_id and secret_access_key"
    )
