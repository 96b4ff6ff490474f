"""What can be configured: one struct a section of the file. `docs/reference/configuration.md` is made from this.

Each key is also a variable, `TRSTCTL_` and its path in capitals. Relative paths are from the working directory.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from cli.server.config.access import Access
from cli.server.config.approvals import Approval
from cli.server.config.process import Process
from cli.server.config.providers import Provider
from cli.server.config.section import Section
from cli.server.config.shares import Shares
from cli.server.config.vault import VaultSurface
from domain.errors import Misconfigured


class Tls(Section, frozen=True):
    """The certificate the server shows. Without one it does not start, except as `trstctl dev`, which makes its own.

    TLS 1.2 and 1.3 are served. SIGHUP makes the server read both files again, for a renewed certificate.
    """

    cert_file: Annotated[str, Meta(description="PEM file with the certificate and its chain.")] = ""
    key_file: Annotated[
        str,
        Meta(
            description="PEM file with the certificate's private key, not encrypted, closed to others than its group."
        ),
    ] = ""


class MachineAuth(Section, frozen=True):
    """One way for machines to log in. Accepted and checked for its form; this version does not serve machine login."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="The kind of login, such as `kubernetes`.")]
    tenant_id: Annotated[str, Meta(description="The tenant whose machines these are.")] = ""
    tenant_claim: Annotated[str, Meta(description="Or the claim that names the tenant.")] = ""
    issuer: Annotated[str, Meta(description="Who must have issued a token.")] = ""
    audience: Annotated[str, Meta(description="Whom a token must be meant for.")] = ""
    jwks_file: Annotated[str, Meta(description="File with the issuer's public keys.")] = ""
    allowed_accounts: Annotated[list[str], Meta(description="Accounts that may log in; write them in quotes.")] = []


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
        list[MachineAuth],
        Meta(
            description="Machine logins, a list. Accepted and kept for later: this version does not serve machine"
            " login, and `serve --check` and the start's messages say so."
        ),
    ] = []
    approvals: Annotated[
        list[Approval],
        Meta(description="Which changes and reads need approval, a list; see how-to/require-approvals.md."),
    ] = []
    providers: Annotated[
        list[Provider],
        Meta(description="Backends that leases and rotations make credentials in, a list; see the how-to pages."),
    ] = []
    provider_api: Annotated[
        bool,
        Meta(
            description="Whether providers can be configured through the API as well. Whoever holds the scope"
            " `providers:write` chooses then which hosts the server connects to."
        ),
    ] = True
    provider_connections: Annotated[
        int, Meta(ge=1, le=100, description="Most connections to one backend at once, on each node.")
    ] = 8
    provider_timeout_seconds: Annotated[
        float, Meta(ge=1, le=60, description="Longest that one call to a backend may take, in seconds.")
    ] = 20.0


class Checkpoints(Section, frozen=True):
    """Signed statements of the log's head."""

    dir: Annotated[str, Meta(description="Folder they are written to. Default: `checkpoints` in `data_dir`.")] = ""
    every_events: Annotated[int, Meta(ge=1, le=10**9, description="Sign one after this many events.")] = 10_000
    every_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="Sign one at least this often, in seconds, if there are new events.")
    ] = 60
    origin: Annotated[
        str,
        Meta(
            pattern=r"^[!-*,-~]{1,200}$",
            description="The log's name in its checkpoints: 1 to 200 visible ASCII characters, no plus sign.",
        ),
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
        int,
        Meta(
            ge=1,
            le=3600,
            description="How long a client may take to send its request's head, its body, and to read each piece of its"
            " answer, in seconds.",
        ),
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
        str,
        Meta(
            pattern="^(debug|info|warning|error)$",
            description="`debug`, `info` (a line for each request), `warning` or `error`.",
        ),
    ] = "info"


class Settings(Section, frozen=True):
    """The whole configuration."""

    listen: Annotated[str, Meta(description="Address and port to serve HTTPS on. `:8443` is every address.")] = (
        "127.0.0.1:8443"
    )
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https://[A-Za-z0-9.:\[\]-]+)?$",
            description="The address that clients use, `https://host[:port]`, where it is not the one listened on.",
        ),
    ] = ""
    data_dir: Annotated[str, Meta(description="Folder of the embedded store and of what has no place of its own.")] = (
        "trstctl-data"
    )
    store: Annotated[
        str,
        Meta(
            pattern=r"^(postgres(ql)?://.+)?$",
            description="`postgresql://user@host:port/database`, or empty for the embedded store `trstctl.db` in"
            " `data_dir`.",
        ),
    ] = ""
    store_password_file: Annotated[
        str, Meta(description="File with the PostgreSQL password, so that it need not be in `store`.")
    ] = ""
    tls: Tls = Tls()
    secrets: Secrets = Secrets()
    access: Access = Access()
    audit: Audit = Audit()
    limits: LimitSettings = LimitSettings()
    idempotency: Idempotency = Idempotency()
    committer: CommitterSettings = CommitterSettings()
    log: Log = Log()
    process: Process = Process()
    shares: Shares = Shares()
    vault: VaultSurface = VaultSurface()

    def __repr__(self) -> str:
        """Without what is in it: `store` may hold a password."""
        return "Settings(<redacted>)"

    @property
    def url(self) -> str:
        """Where clients find the server."""
        if self.public_url:
            return self.public_url
        host, port = address(self.listen)
        local = host in {"127.0.0.1", "::1", "0.0.0.0", "::", "localhost"}  # noqa: S104 - compared, not bound
        return f"https://{'localhost' if local else f'[{host}]' if ':' in host else host}:{port}"


_EVERY: Final = "0.0.0.0"  # noqa: S104 - an empty host means every address, as everywhere


def address(listen: str) -> tuple[str, int]:
    """Host and port of `host:port`, `[v6 host]:port` or `:port`, which means every address; raises `Misconfigured`."""
    host, colon, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    good = colon and port.isascii() and port.isdigit() and int(port) <= 65535
    if not good or (":" in bare and bare == host):
        raise Misconfigured(f"listen: {listen!r}: write address:port, such as 127.0.0.1:8443 or [::1]:8443")
    return bare or _EVERY, int(port)
