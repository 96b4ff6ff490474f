"""The tables of all commands. A further family is one file in `commands/` and one line here."""

from __future__ import annotations

from typing import Final

from cli.client.family import Entry, Family

_COMMANDS: Final = "cli.client.commands"
_HERE: Final = __name__

APPROVALS: Final = Family(
    "approvals",
    "Approve what others want to do with secrets, or refuse it.",
    {
        "approve": Entry(f"{_COMMANDS}.approvals", "approve", "Approve a change or a read that waits."),
        "list": Entry(f"{_COMMANDS}.approvals", "list_requests", "List requests for approval."),
        "show": Entry(f"{_COMMANDS}.approvals", "show_request", "Show a request, and who has approved it."),
        "deny": Entry(f"{_COMMANDS}.approvals", "deny", "Refuse a request for good."),
        "withdraw": Entry(f"{_COMMANDS}.approvals", "withdraw", "Give up your own request."),
    },
)

LEASES: Final = Family(
    "leases",
    "Credentials of backends that end by themselves.",
    {
        "issue": Entry(f"{_COMMANDS}.leases", "issue", "Make a credential; it is shown this once."),
        "list": Entry(f"{_COMMANDS}.leases", "list_leases", "List leases, never a credential."),
        "show": Entry(f"{_COMMANDS}.leases", "show_lease", "Show a lease."),
        "renew": Entry(f"{_COMMANDS}.leases", "renew", "Let a lease live longer."),
        "revoke": Entry(f"{_COMMANDS}.leases", "revoke", "Take a credential back now."),
        "revoke-all": Entry(f"{_COMMANDS}.leases", "revoke_all", "Take back all of a provider, role or subject."),
        "audit": Entry(f"{_COMMANDS}.leases", "audit", "Compare the accounts at each backend with the log."),
    },
)

ROLES: Final = Family(
    "roles",
    "What leases of a provider may ask for.",
    {
        "set": Entry(f"{_COMMANDS}.providers", "set_role", "Configure a role."),
        "remove": Entry(f"{_COMMANDS}.providers", "remove_role", "Issue no lease of a role any more."),
    },
)

PROVIDERS: Final = Family(
    "providers",
    "The backends that credentials are made in.",
    {
        "list": Entry(f"{_COMMANDS}.providers", "list_providers", "List backends and their roles."),
        "show": Entry(f"{_COMMANDS}.providers", "show_provider", "Show a backend, without its credentials."),
        "set": Entry(f"{_COMMANDS}.providers", "set_provider", "Configure a backend."),
        "remove": Entry(f"{_COMMANDS}.providers", "remove", "Use a backend no longer."),
        "test": Entry(f"{_COMMANDS}.providers", "test", "Connect to a backend, and check the privileges."),
        "roles": Entry(_HERE, "ROLES", "What leases of a provider may ask for."),
    },
)

ROTATIONS: Final = Family(
    "rotations",
    "Replace the account behind a stored credential, or leave all as it was.",
    {
        "run": Entry(f"{_COMMANDS}.rotations", "run", "Rotate a stored credential now."),
        "list": Entry(f"{_COMMANDS}.rotations", "list_rotations", "List rotations, newest first."),
        "show": Entry(f"{_COMMANDS}.rotations", "show_rotation", "Show a rotation, and how far it is."),
    },
)

ROTATION_SCHEDULES: Final = Family(
    "rotation-schedules",
    "Rotations that come round by themselves.",
    {
        "create": Entry(f"{_COMMANDS}.rotation_schedules", "create", "Rotate a stored credential again and again."),
        "list": Entry(f"{_COMMANDS}.rotation_schedules", "list_schedules", "List schedules."),
        "show": Entry(f"{_COMMANDS}.rotation_schedules", "show_schedule", "Show a schedule."),
        "change": Entry(f"{_COMMANDS}.rotation_schedules", "change", "Change a schedule's times, grace or name."),
        "pause": Entry(f"{_COMMANDS}.rotation_schedules", "pause", "Let a schedule come round no more."),
        "resume": Entry(f"{_COMMANDS}.rotation_schedules", "resume", "Let a schedule come round again."),
        "run": Entry(f"{_COMMANDS}.rotation_schedules", "run_now", "Start a schedule's rotation now."),
        "remove": Entry(f"{_COMMANDS}.rotation_schedules", "remove", "Remove a schedule."),
    },
)

SECRETS: Final = Family(
    "secrets",
    "Store, read, rotate and remove secrets.",
    {
        "put": Entry(f"{_COMMANDS}.secrets_write", "put", "Store a secret; refuses if it exists."),
        "get": Entry(f"{_COMMANDS}.secrets_read", "get", "Read a secret's value."),
        "list": Entry(f"{_COMMANDS}.secrets_read", "list_names", "List names, never values."),
        "rotate": Entry(f"{_COMMANDS}.secrets_write", "rotate", "Write a secret's next version."),
        "history": Entry(f"{_COMMANDS}.secrets_read", "history", "List a secret's versions, or read an old one."),
        "recover": Entry(f"{_COMMANDS}.secrets_write", "recover", "Make what was current at a time current again."),
        "delete": Entry(f"{_COMMANDS}.secrets_remove", "delete", "Delete a secret; undelete brings it back."),
        "undelete": Entry(f"{_COMMANDS}.secrets_remove", "undelete", "Bring a deleted secret back."),
        "destroy": Entry(f"{_COMMANDS}.secrets_remove", "destroy", "Destroy versions for ever."),
        "import": Entry(f"{_COMMANDS}.transfer", "import_values", "Store many values from a file, all or none."),
        "export": Entry(f"{_COMMANDS}.transfer", "export_values", "Write out all values under a prefix."),
        "diff": Entry(f"{_COMMANDS}.compare", "diff", "Compare two versions, or two environments."),
        "approvals": Entry(_HERE, "APPROVALS", "Approve what others want to do with secrets, or refuse it."),
        "refs": Entry(f"{_COMMANDS}.compare", "refs", "Show which secrets a secret uses, and which use it."),
        "transit": Entry(_HERE, "TRANSIT", "Encrypt and sign with keys that stay on the server."),
        "leases": Entry(_HERE, "LEASES", "Credentials of backends that end by themselves."),
        "providers": Entry(_HERE, "PROVIDERS", "The backends that credentials are made in."),
        "rotations": Entry(_HERE, "ROTATIONS", "Replace the account behind a stored credential."),
        "rotation-schedules": Entry(_HERE, "ROTATION_SCHEDULES", "Rotations that come round by themselves."),
        "shares": Entry(_HERE, "SHARE", "Share a value by a link that works once."),
    },
)

API_TOKENS: Final = Family(
    "tokens",
    "Issue, list and revoke API tokens.",
    {
        "create": Entry(f"{_COMMANDS}.access", "create", "Issue a token; it is shown this once."),
        "list": Entry(f"{_COMMANDS}.access", "list_tokens", "List tokens."),
        "revoke": Entry(f"{_COMMANDS}.access", "revoke", "Revoke a token, at once."),
    },
)

ACCESS: Final = Family(
    "access",
    "Who may do what.",
    {"tokens": Entry(_HERE, "API_TOKENS", "Issue, list and revoke API tokens.")},
)

SHARE: Final = Family(
    "share",
    "Share a value by a link that works once.",
    {
        "create": Entry(f"{_COMMANDS}.shares", "create", "Make a link that shows a value once."),
        "redeem": Entry(f"{_COMMANDS}.shares", "redeem", "See what was shared with you."),
        "list": Entry(f"{_COMMANDS}.shares", "list_shares", "List your shares."),
        "show": Entry(f"{_COMMANDS}.shares", "show_share", "Show when a share was seen, and from where."),
        "revoke": Entry(f"{_COMMANDS}.shares", "revoke", "Withdraw a share."),
    },
)

TRANSIT_KEYS: Final = Family(
    "keys",
    "The keys of transit encryption.",
    {
        "create": Entry(f"{_COMMANDS}.transit_keys", "create", "Make a key."),
        "list": Entry(f"{_COMMANDS}.transit_keys", "list_keys", "List keys, without material."),
        "show": Entry(f"{_COMMANDS}.transit_keys", "show_key", "Show a key and its versions."),
        "rotate": Entry(f"{_COMMANDS}.transit_keys", "rotate", "Give a key a new version."),
        "set": Entry(f"{_COMMANDS}.transit_keys", "set_key", "Change what a key may be used for."),
        "trim": Entry(f"{_COMMANDS}.transit_keys", "trim", "Destroy old versions of a key."),
        "delete": Entry(f"{_COMMANDS}.transit_keys", "delete", "Destroy a key, if it allows that."),
        "export": Entry(f"{_COMMANDS}.transit_keys", "export", "Show a key's public part, or its material."),
        "backup": Entry(f"{_COMMANDS}.transit_keys", "backup", "Write a key whole, if it allows that."),
        "restore": Entry(f"{_COMMANDS}.transit_keys", "restore", "Make a key from a backup."),
    },
)

TRANSIT: Final = Family(
    "transit",
    "Encrypt, sign and authenticate with keys that stay on the server.",
    {
        "keys": Entry(_HERE, "TRANSIT_KEYS", "The keys."),
        "encrypt": Entry(f"{_COMMANDS}.transit", "encrypt", "Encrypt standard input, up to 1 MiB."),
        "decrypt": Entry(f"{_COMMANDS}.transit", "decrypt", "Decrypt a ciphertext."),
        "rewrap": Entry(f"{_COMMANDS}.transit", "rewrap", "Bring a ciphertext to the newest version of its key."),
        "encrypt-file": Entry(f"{_COMMANDS}.transit_files", "encrypt_file", "Encrypt a file of any size, here."),
        "decrypt-file": Entry(f"{_COMMANDS}.transit_files", "decrypt_file", "Decrypt what encrypt-file wrote."),
        "datakey": Entry(f"{_COMMANDS}.transit", "datakey", "Make a data key, with its ciphertext."),
        "hmac": Entry(f"{_COMMANDS}.transit", "hmac", "Authenticate standard input."),
        "sign": Entry(f"{_COMMANDS}.transit_signing", "sign", "Sign standard input."),
        "verify": Entry(f"{_COMMANDS}.transit_signing", "verify", "Verify a signature or an HMAC."),
        "hash": Entry(f"{_COMMANDS}.transit", "hash_sum", "Hash standard input, with no key."),
        "random": Entry(f"{_COMMANDS}.transit", "random", "Random bytes of the server's."),
    },
)

AUDIT: Final = Family(
    "audit",
    "Read and verify the log.",
    {
        "events": Entry(f"{_COMMANDS}.audit", "events", "Show events of the log, newest first."),
        "export": Entry(f"{_COMMANDS}.audit", "export", "Write the log out as NDJSON that can be verified elsewhere."),
        "verify": Entry(f"{_COMMANDS}.audit", "verify", "Have the server verify its log; exit code 1 if it is broken."),
        "checkpoints": Entry(f"{_COMMANDS}.audit", "checkpoints", "Show the signed checkpoints of the log."),
        "key": Entry(f"{_COMMANDS}.audit", "key", "Show the public key that signs checkpoints."),
    },
)

API_KEYS: Final = Family(
    "api-keys",
    "API keys for one job.",
    {"issue": Entry(f"{_COMMANDS}.ephemeral", "issue", "Issue a key; it is shown this once.")},
)

EPHEMERAL: Final = Family(
    "ephemeral",
    "Credentials that end by themselves.",
    {"api-keys": Entry(_HERE, "API_KEYS", "API keys for one job.")},
)

ROOT: Final = Family(
    "trstctl-cli",
    """The client of the trstctl secrets manager.

    TRSTCTL_SERVER names the server, TRSTCTL_TOKEN or TRSTCTL_TOKEN_FILE the token, TRSTCTL_CACERT the certificate to
    trust. Values come from standard input, a file or a hidden prompt, never from the command line.
    """,
    {
        "run": Entry(f"{_COMMANDS}.run", "run", "Run a command with secrets in its environment."),
        "secrets": Entry(_HERE, "SECRETS", "Store, read, rotate and remove secrets."),
        "share": Entry(_HERE, "SHARE", "Share a value by a link that works once."),
        "transit": Entry(_HERE, "TRANSIT", "Encrypt and sign with keys that stay on the server."),
        "leases": Entry(_HERE, "LEASES", "Issue credentials of backends that end by themselves."),
        "providers": Entry(_HERE, "PROVIDERS", "Configure the backends that credentials are made in."),
        "rotations": Entry(_HERE, "ROTATIONS", "Replace the account behind a stored credential."),
        "rotation-schedules": Entry(_HERE, "ROTATION_SCHEDULES", "Have stored credentials rotated again and again."),
        "access": Entry(_HERE, "ACCESS", "Issue, list and revoke API tokens."),
        "ephemeral": Entry(_HERE, "EPHEMERAL", "Issue API keys that end by themselves."),
        "audit": Entry(_HERE, "AUDIT", "Read and verify the log."),
        "whoami": Entry(f"{_COMMANDS}.whoami", "whoami", "Show whose token this is and what it may do."),
        "completion": Entry(f"{_COMMANDS}.completion", "completion", "Print the completion script for a shell."),
        "version": Entry(f"{_COMMANDS}.version", "version", "Show the client's version."),
    },
)
