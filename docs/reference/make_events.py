"""Writes `events.md` beside this file, from the events in `domain/events.py`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

PAGE: Final = Path(__file__).with_name("events.md")
sys.path.insert(0, str(PAGE.parents[2]))

from domain.event import AccessEvent, Event  # noqa: E402 - found by the line above
from domain.events import AGGREGATES, EVENTS  # noqa: E402 - as above

HEAD: Final = """# Events

This page is made by `make docs` from `domain/events.py`; change it there.

Every fact in the log is one of these. How an event is written down and hashed is in the page on the log's format. Each
has a header of eight fields, and a body: the fields listed here, and besides them

- `salt`, 32 hexadecimal digits by chance, so that a body which an export leaves out cannot be guessed from its hash;
- `v`, the version of the body's fields, once it is more than 1.

No body holds a secret value, sealed or not: a version names its sealed value by id and digest. A topic is for ever, and
so is the meaning of a field.

The header:

| field | meaning |
|---|---|
| `id` | 32 hexadecimal digits by chance |
| `stream` | UUID of what the event is about: one secret, token or tenant; or the process that wrote it |
| `version` | number of the event in its stream, from 1 |
| `type` | the topic, as below |
| `tenant` | UUID of the tenant; empty for what belongs to none |
| `time` | UTC, RFC 3339 with microseconds and `Z` |
| `actor` | who: the token's subject, `#`, the token's id; no id if it was a command of the operator |
| `request_id` | of the request that caused it, as in the answer's `X-Request-Id` and in the server's log |
"""

MEANINGS: Final = {
    "max_versions": "how many versions are kept; 0: as many as the mount says; null: as before",
    "cas_required": "whether a write names the version it follows; null: as before",
    "delete_after_seconds": "how long a version lives from its writing; 0: as long as the mount says; null: as before",
    "custom_metadata": "what people noted about the secret, not secret; empty: nothing; null: as before",
    "text": "the policy as it was given, in HCL or JSON",
    "rules": "the rules that were read in the text, as JSON; nobody reads the text again",
    "description": "what people noted about the mount",
    "options": "of the engine, such as the `version` of a key-value mount",
    "address": "address of the client, or of the proxy before it",
    "accessor": "which mount it was: another one at the same path later has another",
    "cidrs": "networks that it may be used from; empty: any",
    "max_uses": "how often it may be used; 0: as often as one likes",
    "method": "`approle`, `userpass`, `jwt` or `kubernetes`",
    "mount": "path of the auth mount, without `auth/`",
    "token_cidrs": "networks that tokens got with it may be used from; empty: as the role says",
    "ttl_seconds": "how long it lives, as it was asked for; 0: without an end",
    "agent": "how the client called itself; empty if it did not",
    "destination": "the backend it is done at",
    "detail": "what went wrong, in words; never a credential",
    "error": "what went wrong: the code of the error",
    "action": "what is to be done: `create`, `rotate`, `recover`, `delete`, `destroy` or `read`",
    "approval_id": "id of the request for approval",
    "approvers": "whose approval counts, or has counted: persons to whom the operator issued tokens; empty: anybody's",
    "base": "number of the version that was current when it was asked for; 0: there was none",
    "digest": "HMAC of all that is approved, the value too, under a key that is destroyed when the request ends",
    "lineage": "subjects from the token used up to the one that the operator issued",
    "lives": "whether the name answered when it was asked for",
    "needed": "how many persons have to approve",
    "account": "name of the account at the backend",
    "enabled": "whether it comes round at all",
    "go_on_at": "from when on any node goes on with it",
    "grace_seconds": "how long the old account lives on beside the new one",
    "key": "path of the stored secret; name of the transit key, empty if it was none of ours",
    "new_ref": "the account, or key, that was made",
    "next_run_at": "when it comes round next; null while it is paused",
    "old_ref": "the account, or key, that ends",
    "phase": "`stage`, `cutover` or `verify`",
    "rotation_id": "id of the rotation",
    "schedule_id": "id of the schedule; empty if a person started it",
    "timetable": "when it comes round, JSON",
    "connection": "how the backend is reached, JSON; none of it secret",
    "default_ttl_seconds": "how long a lease of the role lives if it does not ask",
    "give_up_at": "unless it is issued by then, the account is removed",
    "guarded": "whether a passphrase is needed besides the token",
    "handle": "what the backend named parts of the account by",
    "lease_id": "id of the lease",
    "look_at": "from when on a look at the backend tells the truth",
    "max_expires_at": "when it ends at the latest, renewals and all",
    "max_tries": "after so many wrong passphrases it is locked",
    "max_views": "how often the value is given",
    "max_ttl_seconds": "how long a lease of the role lives at most",
    "provider": "the backend's name",
    "role": "the backend's role, the login method's role or user, or the role that tokens are created by",
    "settings": "what the role may do, or what tokens created by it are like, JSON",
    "cause": "of a version: `create`, `rotate`, `import`, `recover`, `rotation`, `rollback`; of an end: `expired`,"
    " `abandoned`, `revoked`",
    "content_type": "media type of the value, as its writer gave it",
    "everything": "all versions were meant, and the name does not answer any more",
    "expires_at": "when it ends by itself; null: never",
    "hash": "SHA-256 of the token's random part, lower-case hexadecimal",
    "how": "`get`, `history`, `resolve`, `export`, `diff`, `run` or `subkeys`; of a wrapped answer: `unwrap` or"
    " `rewrap`; of a data key: `plaintext` or `wrapped`; of an export of a transit key: which part of it",
    "key_id": "id of the key",
    "keys": "how many keys were rewrapped",
    "kind": "what is to be done, such as `lease.revoke`",
    "left": "one of the two: `path@version`, or a folder",
    "metadata": "what its writer noted about the value; not secret",
    "name": "what people call the tenant or provider, a DNS label",
    "new": "id of the KEK that wraps now, 16 hexadecimal digits",
    "node": "the process that does it",
    "note": "what its sender noted about it; of a provider or a role: what a client of Vault said besides, JSON;"
    " not secret",
    "number": "number of the version, of the attempt, of the view, or of the requester's request for this, from 1;"
    " of refusals: how many this tells of",
    "numbers": "numbers of the versions",
    "old": "ids of the KEKs that wrapped before",
    "originator_topic": "what the stream is about",
    "parent": "id of the token that issued this one; null: the operator",
    "path": "the secret's name",
    "public": "the Ed25519 public key, lower-case hexadecimal; of a transit key SubjectPublicKeyInfo in PEM, or empty",
    "reason": "why, as whoever did it said",
    "ref": "id of what it is done about",
    "orphaning": "whether the tokens that it minted live on, as orphans",
    "policies": "names of the policies that say what the token may do, beside its scopes",
    "terms": "JSON: how the token may live on, its role and networks, what it is called; empty if it has scopes alone",
    "remaining": "how often the value may still be given",
    "retry_at": "when it is tried again",
    "recovered_from": "number of the version whose value this one repeats; null: it is a new value",
    "references": "paths that the value refers to",
    "right": "the other one, written alike",
    "scopes": "what the token may do",
    "share_id": "id of the share",
    "seal_digest": "SHA-256 of the sealed value, lower-case hexadecimal",
    "seal_id": "under which the sealed value lies outside of the log",
    "subject": "whom it is for; of a share: who made it",
    "title": "the tenant's name in full",
    "token_id": "id of the token; of a lease: that asked for it",
    "key_type": "the key's type, such as `aes256-gcm96`",
    "derived": "whether each context has a key of its own",
    "convergent": "whether equal plaintexts of a context have equal ciphertexts",
    "size": "bytes of a key of the type hmac; 0 of others",
    "exportable": "whether its material may be shown; null: as before",
    "plaintext_backup": "whether it may be backed up in the clear; null: as before",
    "auto_rotate_seconds": "after so many seconds it is rotated by itself; 0: it is not; null: as before",
    "next_rotation_at": "when it is rotated by itself next; null: it is not",
    "min_available": "older versions are not there",
    "min_decryption": "older versions neither decrypt nor verify; null: as before",
    "min_encryption": "older versions neither encrypt nor sign; 0: any may that decrypts; null: as before",
    "deletion_allowed": "whether it may be deleted; null: as before",
    "made_at": "when the version was made, as the backup has it",
    "count": "how many items were done, or how many encryptions set aside",
    "failed": "how many items were refused, or not valid",
    "until": "when the claim ends, and another node may try",
    "wrapping_id": "id of the wrapped answer; empty if the token was of none",
    "creation_path": "path of the Vault surface whose answer it is",
    "holds": "id of the token or secret id that is in it; empty if it is something else",
    "variables": "name of each variable of the environment, to the path that it was filled from",
}
"""Meanings by the field's name: it is the same in every event."""

_FRAME: Final = frozenset({"originator_id", "originator_version", "timestamp"})


def page() -> str:
    """The whole page."""
    ordered = sorted(EVENTS.values(), key=lambda event: event.TOPIC)
    parts = [HEAD, _overview(ordered)]
    for noun, events in groupby(ordered, key=lambda event: event.TOPIC.split(".", 1)[0]):
        parts.append(f"## `{noun}`\n")
        parts += [part for event in events for part in _event(event)]
    return "\n".join(parts).rstrip("\n") + "\n"


def fields_of(event: type[Event]) -> list[str]:
    """The names of the body's fields."""
    return sorted(name for name in event.__struct_fields__ if name not in _FRAME)


def _overview(events: list[type[Event]]) -> str:
    lines = [f"| [`{event.TOPIC}`](#{_anchor(event)}) | {_summary(event)} |" for event in events]
    aggregates = ", ".join(f"`{each.TOPIC}`" for each in AGGREGATES)
    return "\n".join(["| type | what happened |\n|---|---|", *lines, "", f"Aggregates, by topic: {aggregates}.", ""])


def _anchor(event: type[Event]) -> str:
    return event.TOPIC.replace(".", "")


def _summary(event: type[Event]) -> str:
    return (inspect.getdoc(event) or "").split("\n", 1)[0]


def _event(event: type[Event]) -> Iterator[str]:
    where = " It lies in the stream of the process that wrote it." if issubclass(event, AccessEvent) else ""
    said = " ".join((inspect.getdoc(event) or "").split())
    yield f"### `{event.TOPIC}`\n\n{said}{where}\n"
    yield "| field | value | meaning |\n|---|---|---|"
    described = msgspec.inspect.type_info(event)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - an event is one
    types = {field.name: field.type for field in described.fields}
    for name in fields_of(event):
        yield f"| `{name}` | {_value(types[name])} | {MEANINGS[name]} |"
    yield ""


_WORDS: Final = {
    msgspec.inspect.BoolType: "truth",
    msgspec.inspect.DateTimeType: "time",
    msgspec.inspect.IntType: "number",
    msgspec.inspect.NoneType: "null",
    msgspec.inspect.StrType: "text",
}


def _value(kind: msgspec.inspect.Type) -> str:
    """A type in a word or two."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return " or ".join(_value(each) for each in kind.types)
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return f"list of {_value(kind.item_type)}"
    if isinstance(kind, msgspec.inspect.DictType):
        return f"object of {_value(kind.value_type)}"
    return _WORDS[type(kind)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
