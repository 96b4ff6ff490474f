"""The table between scopes and paths, read both ways."""

from __future__ import annotations

import pytest

from domain import scopes
from domain.acl.holder import Permitted, TokenPolicies, capabilities_of
from domain.acl.reading import rules_of
from domain.acl.table import ROWS
from domain.mounts import BUILT_IN, MountEntry, Mounts

MOUNTS = Mounts(
    [
        *BUILT_IN,
        MountEntry(path="one/", kind="kv", accessor="kv_1", options={"version": "1"}),
        MountEntry(path="team/two/", kind="kv", accessor="kv_2", options={"version": "2"}),
        MountEntry(path="team/pg/", kind="database", accessor="database_1"),
        MountEntry(path="auth/approle/", kind="approle", accessor="auth_approle_1"),
    ]
)


def policies(*rules: tuple[str, str]) -> TokenPolicies:
    text = "\n".join(f'path "{path}" {{ capabilities = {names.split()} }}' for path, names in rules)
    return TokenPolicies(rules_of(text.replace("'", '"')), MOUNTS)


@pytest.mark.parametrize(
    "path,capabilities,verb,bound",
    [
        ("secret/data/app/db", "read", "secrets:read", "app/db"),
        ("secret/metadata/app/", "list", "secrets:list", "app/db"),
        ("secret/metadata", "list", "secrets:list", "db"),
        ("secret/metadata/app/db", "read", "secrets:list", "app/db"),
        ("secret/data/app/db", "delete", "secrets:delete", "app/db"),
        ("secret/delete/app/db", "update", "secrets:delete", "app/db"),
        ("secret/destroy/app/db", "update", "secrets:destroy", "app/db"),
        ("secret/metadata/app/db", "delete", "secrets:destroy", "app/db"),
        ("secret/data/a b", "read", "secrets:read", "a~20b"),
        ("one/app/db", "read", "secrets:read", "mount:one/app/db"),
        ("one/app/", "list", "secrets:list", "mount:one/app/db"),
        ("team/two/data/db", "read", "secrets:read", "mount:team/two/db"),
        ("transit/encrypt/k", "update", "keys:encrypt", "k"),
        ("transit/decrypt/k", "update", "keys:decrypt", "k"),
        ("transit/sign/k", "update", "keys:sign", "k"),
        ("transit/verify/k", "update", "keys:verify", "k"),
        ("transit/keys/k", "create", "keys:manage", "k"),
        ("transit/keys/k", "read", "keys:read", "k"),
        ("database/creds/readonly", "read", "leases:issue", "pg/readonly"),
        ("team/pg/creds/readonly", "read", "leases:issue", "team--pg--db/readonly"),
        ("sys/leases/lookup/database/creds/readonly/", "list sudo", "leases:read", "pg/readonly"),
        ("sys/leases/revoke-prefix/team/pg/creds/r/", "update sudo", "leases:revoke", "team--pg--db/r"),
        ("sys/policies/acl/app", "read", "policies:read", "app"),
        ("auth/approle/role/ci", "create", "auth:write", "approle/role/ci"),
        ("trstctl/secrets/export/app/db", "update", "secrets:export", "app/db"),
        ("trstctl/approvals/decide/app/db", "update", "approvals:decide", "app/db"),
    ],
)
def test_a_capability_on_a_path_gives_its_scope_there_and_nowhere_else(
    path: str, capabilities: str, verb: str, bound: str
) -> None:
    given = policies((path, capabilities))
    assert given.allows(verb, bound)
    assert given.somewhere(verb)
    assert not given.allows(verb, f"{bound}x/y")
    assert not given.allows(verb, None)
    others = scopes.VERBS - {verb}
    # Of a KV mount of version 1, to delete is to destroy; reading about a secret and listing it are one scope.
    also = {each for each in others if given.allows(each, bound)}
    assert also <= {"secrets:destroy"} if verb == "secrets:delete" else not also
    for capability in capabilities.split():
        fewer = " ".join({"sudo", "deny", *capabilities.split()} - {capability, "deny"}) or "patch"
        assert not policies((path, fewer)).allows(verb, bound)


@pytest.mark.parametrize(
    "path,capabilities,verb",
    [
        ("secret/*", "read", "secrets:read"),
        ("trstctl/audit/read", "update", "audit:read"),
        ("trstctl/shares/*", "update", "shares:create"),
        ("sys/mounts", "read", "mounts:read"),
        ("sys/auth", "read", "auth:read"),
        ("sys/policies/acl", "list", "policies:read"),
        ("auth/token/accessors", "list sudo", "access:read"),
        ("auth/token/revoke-accessor", "update", "access:write"),
        ("sys/mounts/*", "create", "mounts:write"),
    ],
)
def test_without_a_bound_a_scope_is_given_by_its_own_path_or_all_of_a_folder(
    path: str, capabilities: str, verb: str
) -> None:
    mounts = Mounts(BUILT_IN)
    text = f'path "{path}" {{ capabilities = {capabilities.split()} }}'.replace("'", '"')
    assert TokenPolicies(rules_of(text), mounts).allows(verb, None)
    hole = f'{text}\npath "secret/data/hole" {{ capabilities = ["list"] }}'
    assert TokenPolicies(rules_of(hole), mounts).allows(verb, None) == (verb != "secrets:read")


def test_secrets_in_every_mount_need_every_mount() -> None:
    assert not policies(("secret/*", "read")).allows("secrets:read", None)
    assert policies(("secret/*", "read"), ("one/*", "read"), ("team/*", "read")).allows("secrets:read", None)


def test_creating_and_changing_are_apart_where_it_is_known_which_it_is() -> None:
    maker, changer = policies(("secret/data/*", "create")), policies(("secret/data/*", "update"))
    for given, new, old in ((maker, True, False), (changer, False, True)):
        assert given.allows("secrets:write", "a", exists=False) is new
        assert given.allows("secrets:write", "a", exists=True) is old
        assert given.allows("secrets:write", "a")


def test_every_scope_there_is_can_be_given_by_a_policy() -> None:
    everything = policies(("*", "create read update delete list sudo"))
    assert [verb for verb in sorted(scopes.VERBS) if not everything.allows(verb, "a/b")] == []
    assert [verb for verb in sorted(scopes.VERBS) if not everything.allows(verb, None)] == []
    assert [verb for verb in sorted(scopes.VERBS) if policies(("nothing", "read")).somewhere(verb)] == []


def test_the_table_speaks_of_scopes_that_there_are() -> None:
    assert {row.verb for row in ROWS} - scopes.VERBS == set()


def test_what_was_permitted_is_not_asked_for_again_and_nothing_else_is_given() -> None:
    permitted = Permitted(policies(("transit/encrypt/k", "update")), "kv2")
    assert permitted.allows("secrets:write", "any", exists=True)
    assert permitted.somewhere("secrets:list")
    assert permitted.allows("keys:encrypt", "k")
    assert not permitted.allows("keys:decrypt", "k")
    assert not permitted.allows("access:write", None)
    assert permitted.capabilities("secret/data/x") == ["deny"]


@pytest.mark.parametrize(
    "held,path,expected",
    [
        (["*"], "any/thing", ["root"]),
        (["secrets:read:app/*"], "secret/data/app/db", ["read"]),
        (["secrets:read:app/*"], "secret/data/other", ["deny"]),
        (["secrets:read:mount:one/*"], "one/a", ["read"]),
        (["secrets:list:app/*"], "secret/metadata/app/", ["list"]),
        (["secrets:list:app/*"], "secret/metadata/", ["list"]),
        (["secrets:list:app/*"], "secret/metadata/other/", ["deny"]),
        (["secrets:write"], "secret/data/a", ["create", "patch", "update"]),
        (["leases:issue:pg/*"], "database/creds/r", ["read"]),
        (["policies:write"], "sys/policies/acl/x", ["create", "delete", "update"]),
        (["policies:read"], "sys/policies/acl", ["list"]),
        (["auth:write"], "auth/approle/role/ci", ["create", "delete", "update"]),
        (["access:write"], "auth/token/create", ["create", "update"]),
        (["shares:create"], "trstctl/shares/create", ["update"]),
        (["secrets:export:app/*"], "trstctl/secrets/export/app/db", ["update"]),
        (["secrets:export:app/*"], "trstctl/secrets/export/db", ["deny"]),
        (["secrets:read"], "no/such/mount", ["deny"]),
        (["secrets:read"], "cubbyhole/mine", ["create", "delete", "list", "read", "update"]),
    ],
)
def test_scopes_are_shown_as_capabilities(held: list[str], path: str, expected: list[str]) -> None:
    assert capabilities_of(held, None, path, MOUNTS) == expected
