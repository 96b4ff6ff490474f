"""Makes the golden vectors of docs/reference/log-format.md, in the folder of this script. A test makes them once more.

Events are written down here; hashes, lines and signatures come from the product's own code.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.crypto import ed25519_public, ed25519_sign
from adapters.log_export import full_line, redacted_line, withheld_line
from domain.chain import GENESIS, TAG, header_bytes, link
from domain.checkpoint import signed_checkpoint
from domain.signed_note import NoteKey

FOLDER = Path(__file__).parent

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
"""The private key of RFC 8032, section 7.1, test 1: known to everybody, of use to nobody."""
ORIGIN = "vectors.example/log"
ACME, OTHER = "6453d1a4-3f0c-4b7e-8a52-0d9b6e2f7c11", "0cae7e55-91b2-4c3d-9f60-5a8b1c4d2e33"
SECRET, NODE = "7d0b1c2e-4f5a-5b6c-8d7e-9f0a1b2c3d4e", "e4d3c2b1-a0f9-5e8d-7c6b-5a4f3e2d1c0b"


def _header(number: int, stream: str, version: int, kind: str, tenant: str, actor: str) -> tuple[Any, ...]:
    time = f"2026-06-25T12:00:0{number}.{number:06d}Z"
    return f"{number:032x}", stream, version, kind, tenant, time, actor, f"{number * 257:032x}"


EVENTS = (
    (
        (*_header(1, NODE, 1, "signing_key.created", "", "system")[:7], ""),
        '{"key_id":"0123456789abcdef","public":"' + ed25519_public(SEED).hex() + '","salt":"' + "01" * 16 + '"}',
    ),
    (
        _header(2, SECRET, 1, "secret.created", ACME, "ops#tok_1"),
        '{"originator_topic":"secret","path":"db/password","salt":"' + "02" * 16 + '"}',
    ),
    (
        _header(3, SECRET, 2, "secret.version.written", ACME, "Zo\u00eb \u00c5ngstr\u00f6m \U0001f511#tok_2"),
        '{"cause":"create","content_type":"text/plain; charset=utf-8","metadata":{"note":"a \\"quote\\", a \\\\, '
        'a\\ttab, a line\\nfeed, \u00fc, \u20ac, \U0001f511 and \u2028"},"number":1,"path":"db/password",'
        '"recovered_from":null,"references":[],"salt":"' + "03" * 16 + '","seal_digest":"'
        + sha256(b"not a sealed value").hexdigest() + '","seal_id":"' + "0a" * 16 + '"}',
    ),
    (
        _header(4, NODE, 9_007_199_254_740_993, "secret.read", OTHER, "app#tok_3"),
        '{"how":"get","number":1,"path":"db/password","salt":"' + "04" * 16 + '"}',
    ),
    (
        _header(5, SECRET, 3, "secret.versions.destroyed", ACME, "ops#tok_1"),
        '{"everything":false,"numbers":[1],"path":"db/password","salt":"' + "05" * 16 + '"}',
    ),
)  # fmt: skip
"""Header and body of each: an empty tenant and request id, text beyond ASCII, a version beyond 2^53, escapes."""


def rows() -> list[tuple[Any, ...]]:
    """The events as rows of the table."""
    made, prev = [], GENESIS
    for position, (header, body) in enumerate(EVENTS, 1):
        digest = link(prev, position, sha256(header_bytes(*header)).digest(), sha256(body.encode()).digest())
        made.append((position, *header, body.encode(), prev, digest))
        prev = digest
    return made


def _steps(row: tuple[Any, ...]) -> dict[str, Any]:
    """An event with everything that comes up on the way to its hash."""
    position, *header, body, prev, digest = row
    text = header_bytes(*header)
    header_digest, body_digest = sha256(text).digest(), sha256(body).digest()
    return {
        "position": position,
        "header": text.decode(),
        "body": body.decode(),
        "header_digest": header_digest.hex(),
        "body_digest": body_digest.hex(),
        "prev_hash": prev.hex(),
        "hashed": (TAG + prev + position.to_bytes(8, "big") + header_digest + body_digest).hex(),
        "hash": digest.hex(),
    }


def _export_of(tenant: str) -> bytes:
    """As a tenant exports it: its own events in full, the last of them with its body left out, others withheld."""
    *most, last = rows()
    lines = [full_line(row) if row[5] == tenant else withheld_line(row) for row in most]
    return b"".join([*lines, redacted_line(last)])


def vectors() -> dict[str, bytes]:
    """The files by name."""
    log, key = rows(), NoteKey(ORIGIN, ed25519_public(SEED))
    notes = {size: signed_checkpoint(size, head, key, lambda message: ed25519_sign(SEED, message))
             for size, head in ((0, GENESIS), (3, log[2][11]), (5, log[4][11]))}  # fmt: skip
    events = json.dumps([_steps(row) for row in log], indent=1, ensure_ascii=False)
    return {
        "events.json": f"{events}\n".encode(),
        "full.ndjson": b"".join(full_line(row) for row in log),
        "redacted.ndjson": b"".join(redacted_line(row) for row in log),
        "tenant.ndjson": _export_of(ACME),
        "vkey": f"{key.vkey}\n".encode(),
        **{f"{size}.checkpoint": note.encode() for size, note in notes.items()},
    }


if __name__ == "__main__":
    for name, content in vectors().items():
        (FOLDER / name).write_bytes(content)
        print(FOLDER / name)
