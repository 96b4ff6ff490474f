"""What can be configured: one struct a section of the file.

Each key is also a variable, `TRSTCTL_` and its path in capitals.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every section: unknown keys are refused."""


class Tls(Section, frozen=True):
    """The certificate the server shows. Without one it does not start, except as `trstctl dev`, which makes its own."""

    cert_file: Annotated[str, Meta(description="PEM file with the certificate and its chain.")] = ""
    key_file: Annotated[str, Meta(description="PEM file with the certificate's private key; owner-only.")] = ""


class Secrets(Section, frozen=True):
    """The secrets surface: everything under `/api/v1/secrets/`."""

    enable_api: Annotated[
        bool, Meta(description="Whether the surface is served. Off, every route of it answers 503.")
    ] = False
    kek_file: Annotated[
        str,
        Meta(
            description="The key-encryption key: 32 bytes or 64 hex digits in a regular file, owner-only (0600)."
            " Default: `kek` in `data_dir`."
        ),
    ] = ""
    machine_auth: Annotated[
        list[dict[str, Any]],
        Meta(
            description="Machine logins. Accepted and kept for later: this version does not serve machine login,"
            " and says so."
        ),
    ] = []


class Checkpoints(Section, frozen=True):
    """Signed statements of the log's head."""

    dir: Annotated[str, Meta(description="Folder they are written to. Default: `checkpoints` in `data_dir`.")] = ""
    every_events: Annotated[int, Meta(ge=1, le=10**9, description="Sign one after this many events.")] = 10_000
    every_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="Sign one at least this often, in seconds, if there are new events.")
    ] = 60
    origin: Annotated[
        str,
        Meta(pattern=r"^[!-*,-~]{1,200}$", description="The log's name in its checkpoints: no spaces, no plus sign."),
    ] = "trstctl.local/log"


class Audit(Section, frozen=True):
    """The log."""

    checkpoints: Checkpoints = Checkpoints()


class LimitSettings(Section, frozen=True):
    """Bounds of requests."""

    body_bytes: Annotated[int, Meta(ge=1024, le=2**30, description="Largest body, in bytes.")] = 8 * 1024 * 1024
    import_bytes: Annotated[int, Meta(ge=1024, le=2**30, description="Largest body of an import, in bytes.")] = (
        96 * 1024 * 1024
    )
    requests_per_second: Annotated[
        int, Meta(ge=0, le=10**6, description="Requests a second that one token may make on one node; 0 is no limit.")
    ] = 5000
    client_timeout_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long a client may take to send its request, in seconds.")
    ] = 30


class Idempotency(Section, frozen=True):
    """Replies kept for repeated requests."""

    retention_seconds: Annotated[
        int, Meta(ge=60, le=30 * 86_400, description="How long a reply is kept, in seconds.")
    ] = 86_400


class CommitterSettings(Section, frozen=True):
    """Group commit."""

    max_batch: Annotated[int, Meta(ge=1, le=10_000, description="Most commands in one transaction.")] = 512


class Log(Section, frozen=True):
    """The server's own messages, JSON lines on standard error."""

    level: Annotated[
        str, Meta(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    ] = "info"


class Settings(Section, frozen=True):
    """The whole configuration."""

    listen: Annotated[str, Meta(description="Address and port to serve HTTPS on.")] = "127.0.0.1:8443"
    data_dir: Annotated[str, Meta(description="Folder of the embedded store and of what has no place of its own.")] = (
        "trstctl-data"
    )
    store: Annotated[
        str,
        Meta(description="`postgresql://…`, or empty for the embedded store `trstctl.db` in `data_dir`."),
    ] = ""
    store_password_file: Annotated[
        str, Meta(description="File with the PostgreSQL password, so that it need not be in `store`.")
    ] = ""
    tls: Tls = Tls()
    secrets: Secrets = Secrets()
    audit: Audit = Audit()
    limits: LimitSettings = LimitSettings()
    idempotency: Idempotency = Idempotency()
    committer: CommitterSettings = CommitterSettings()
    log: Log = Log()
