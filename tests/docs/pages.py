"""Which pages there are, and what each expects to find."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PAGES: Final = sorted(
    str(page.relative_to(ROOT)) for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if page.is_file()
)

WITHOUT_COMMANDS: Final = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",  # its commands are what runs this
    "SECURITY.md",
    "docs/README.md",
    "docs/decisions/*.md",
    "docs/explanation/*.md",
    "docs/how-to/lease-from-mysql.md",  # the contract suite of backends runs its SQL; its commands are root's
    "docs/how-to/lease-from-postgresql.md",  # likewise
    "docs/how-to/lease-from-aws.md",  # they need an account of Amazon's; the contract suite grants and configures by it
    "docs/how-to/lease-from-azure.md",  # they need a directory of Microsoft's; the contract suite configures by it
    "docs/how-to/lease-from-gcp.md",  # they need a project of Google's; the contract suite grants and configures by it
    "docs/how-to/lease-from-kubernetes.md",  # its commands need a cluster; tests/backends applies its manifests
    "docs/how-to/lease-from-mongodb.md",  # they need a MongoDB; the contract suite makes role and user as it says
    "docs/how-to/lease-from-redis.md",  # they need a Redis; the contract suite of backends makes the user as it says
    "docs/how-to/log-in-with-a-kubernetes-service-account.md",  # its commands need a cluster
    "docs/how-to/rotate-by-webhook.md",
    "docs/how-to/run-vault-agent.md",  # tests/e2e/vault/test_stock_command.py runs its configuration
    "docs/how-to/use-terraform.md",  # tests/integration/vault/test_sequences.py sends what it sends; so of the next
    "docs/how-to/use-the-external-secrets-operator.md",
    "docs/how-to/run-in-production.md",  # root's commands; tests/e2e/test_production_page.py runs its SQL
    "docs/reference/api.md",
    "docs/reference/cli-server.md",
    "docs/reference/configuration.md",
    "docs/reference/events.md",
    "docs/reference/exit-codes.md",
    "docs/reference/log-format.md",
    "docs/reference/sealed-file.md",
    "docs/reference/transit.md",
    "docs/reference/vault-routes.md",
)
"""Pages with nothing to type, or nothing that a test may type; the latter say so themselves."""

WITH_COMMANDS: Final = [
    page for page in PAGES if not any(fnmatch.fnmatchcase(page, listed) for listed in WITHOUT_COMMANDS)
]

FROM_NOTHING: Final = frozenset(
    {"README.md", "docs/tutorial/a-database-password-nobody-knows.md", "docs/tutorial/ten-minutes.md"}
)
"""Pages for those who have just cloned: no program is on the PATH, and no server runs unless the page starts one."""

ON_A_SERVICE: Final = frozenset({"docs/how-to/rotate-the-kek.md"})
"""Pages for operators of `trstctl serve`, with its configuration in /etc/trstctl. All others find a `trstctl dev`."""

ON_POSTGRES: Final = {"docs/how-to/back-up-and-restore.md": ("trstctl", "trstctl_restored")}
"""Pages that find a PostgreSQL by the usual variables, and the databases that they make there."""

ON_A_POSTGRES_OF_ITS_OWN: Final = frozenset(
    {
        "docs/how-to/lease-a-credential.md",
        "docs/how-to/rotate-a-database-password.md",
        "docs/how-to/work-that-needs-a-person.md",
        "docs/tutorial/a-database-password-nobody-knows.md",
    }
)
"""Pages that find one likewise, and make roles in it, which belong to no database: each has a server to itself."""

ON_A_VAULT: Final = frozenset({"docs/how-to/move-from-vault.md"})
"""Pages that find another server that speaks Vault's protocol by the usual variables, with secrets in it."""
