"""Verifies an exported trstctl log by docs/reference/log-format.md alone: standard library, nothing of the product's.

    python3 verify_log.py EXPORT [CHECKPOINT | SIZE HEAD]

Exit code 0: intact, 1: not, 2: could not check. Of a checkpoint, size and head are compared. Its signature is not, for
the standard library has no Ed25519: have it from whom you trust, or check it with any signed-note tool.
"""

import hashlib
import json
import sys
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path

HEADER = ("id", "stream", "version", "type", "tenant", "time", "actor", "request_id")
LINK = {"position", "prev_hash", "hash"}
KINDS = ({*LINK, *HEADER, "body"}, {*LINK, *HEADER, "body_digest"}, {*LINK, "header_digest", "body_digest"})


def fault(event: dict, position: int, prev: str) -> str | None:
    """What is wrong with the event that should be at `position`, after one whose hash is `prev`, if anything."""
    if set(event) not in KINDS:
        return "it is neither full nor redacted nor withheld"
    if (event["position"], event["prev_hash"]) != (position, prev):
        return f"it does not follow event {position - 1}"
    lines = "".join(f"{event.get(name)}\n" for name in HEADER)
    header = event.get("header_digest", hashlib.sha256(lines.encode()).hexdigest())
    body = event["body_digest"] if "body_digest" in event else hashlib.sha256(event["body"].encode()).hexdigest()
    hashed = b"trstctl-log/v1\0" + bytes.fromhex(prev) + position.to_bytes(8, "big") + bytes.fromhex(header + body)
    good = len(header) == len(body) == 64 and hashlib.sha256(hashed).hexdigest() == event["hash"]
    return None if good else "its parts do not give its hash"


def verify(lines: Iterable[str], size: int = 0, wanted: str = "") -> str:
    """The result in words, beginning with `intact` or `TAMPERED`. The head at `size` events must be `wanted`."""
    position, head = 0, "0" * 64
    for position, line in enumerate(lines, 1):
        event = json.loads(line)
        if problem := fault(event, position, head):
            return f"TAMPERED at position {position}: {problem}"
        head = event["hash"]
        if position == size and head != wanted:
            return f"TAMPERED at or before position {position}: its hash was {wanted}"
    return f"intact: {position} events, head {head}" if position >= size else f"TAMPERED: cut off after {position}"


if __name__ == "__main__":
    try:
        export, *rest = sys.argv[1:]
        if len(rest) == 1:
            _, size, encoded, *_ = Path(rest[0]).read_text(encoding="utf-8").split("\n")
            rest = [size, b64decode(encoded).hex()]
        with Path(export).open(encoding="utf-8") as file:
            result = verify(file, int(rest[0]), rest[1]) if rest else verify(file)
    except (OSError, ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        sys.exit(print(f"could not check: {error}", file=sys.stderr) or 2)
    print(result)
    sys.exit(not result.startswith("intact"))
