"""What the auth methods of the Vault surface are handed."""

from __future__ import annotations

from dataclasses import dataclass

from domain.commands.login_admin import LoginAdmin
from domain.commands.login_approle import AppRoleLogin
from domain.commands.login_jwt import JwtLogin
from domain.commands.login_kubernetes import KubernetesLogin
from domain.commands.login_methods import LoginMethods
from domain.commands.login_secret_ids import SecretIds
from domain.commands.login_userpass import UserLogin


@dataclass(frozen=True, kw_only=True)
class LoginServices:
    """One of each."""

    admin: LoginAdmin
    methods: LoginMethods
    secret_ids: SecretIds
    approle: AppRoleLogin
    userpass: UserLogin
    jwt: JwtLogin
    kubernetes: KubernetesLogin
