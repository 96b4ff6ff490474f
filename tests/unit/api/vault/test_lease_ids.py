"""Ids of leases: what the native face calls a lease and what Vault's clients call it are one."""

from __future__ import annotations

import pytest

from api.vault.failures import VaultError
from api.vault.lease_ids import LeaseName, config_of, lease_id_of, lease_name, mount_of, provider_of

NATIVE = "lse_019aae0b1c2d0123456789ab"


@pytest.mark.parametrize(
    "mount, name, provider",
    [("database/", "pg", "pg"), ("db2/", "pg", "db2--pg"), ("team/pg/", "a-b", "team--pg--a-b")],
)
def test_a_config_is_a_provider_and_back(mount: str, name: str, provider: str) -> None:
    assert provider_of(mount, name) == provider
    assert mount_of(provider) == mount
    assert config_of(mount, provider) == name
    assert config_of("other/", provider) is None
    lease_id = lease_id_of(provider, "app", NATIVE)
    assert lease_id == f"{mount}creds/app/{NATIVE}"
    assert lease_name(lease_id) == LeaseName(mount, "app", NATIVE)


def test_the_native_id_is_taken_too() -> None:
    assert lease_name(NATIVE) == LeaseName("", "", NATIVE)


@pytest.mark.parametrize("text", ["", "database/creds/app", "database/creds/app/lse_x", "lse_" + "g" * 24])
def test_what_is_no_leases_id_is_none(text: str) -> None:
    assert lease_name(text) is None


def test_two_configs_are_never_one_provider() -> None:
    with pytest.raises(VaultError, match="two hyphens"):
        provider_of("database/", "db2--pg")
