"""The login methods put together."""

from __future__ import annotations

import os
from typing import Protocol

from adapters.jwks import KeySets
from adapters.login_hashing import HashingThreads
from adapters.token_review import ClusterReviews
from api.vault.login_services import LoginServices
from cli.server.stores import Views
from domain.commands.login_admin import LoginAdmin
from domain.commands.login_approle import AppRoleLogin
from domain.commands.login_entering import Entering
from domain.commands.login_jwt import JwtLogin
from domain.commands.login_kubernetes import KubernetesLogin
from domain.commands.login_methods import LoginMethods
from domain.commands.login_refusals import Refusals
from domain.commands.login_secret_ids import SecretIds
from domain.commands.login_userpass import UserLogin
from domain.commands.token_minting import TokenMinting
from domain.ports import Clock, EventLog, Replies, Repository, Sealer


class Base(Protocol):
    """What it rests on."""

    @property
    def log(self) -> EventLog:
        """Where events are appended."""
        ...

    @property
    def repository(self) -> Repository:
        """Aggregates."""
        ...

    @property
    def views(self) -> Views:
        """Every read model."""
        ...

    @property
    def sealer(self) -> Sealer:
        """Passwords' hashes, and reviewers' tokens."""
        ...

    @property
    def replies(self) -> Replies:
        """What was answered before."""
        ...


class LoggingIn:
    """Commands of the login methods, and what they hold open. `refusals` are to be flushed each minute."""

    def __init__(self, base: Base, minting: TokenMinting, clock: Clock) -> None:
        self.refusals = Refusals(base.log, clock)
        self.keys = KeySets()
        self.reviews = ClusterReviews()
        self.hashing = HashingThreads()
        view, entering = base.views.logins, Entering(minting, self.refusals, clock)
        admin = LoginAdmin(base.log, base.repository, view, base.sealer, base.replies, self.hashing, clock, os.urandom)
        self.services = LoginServices(
            admin=admin,
            methods=LoginMethods(admin, self.keys, self.reviews),
            secret_ids=SecretIds(base.log, view, base.replies, self.hashing, clock, os.urandom),
            approle=AppRoleLogin(entering, view, self.hashing, clock),
            userpass=UserLogin(entering, view, base.sealer, self.hashing),
            jwt=JwtLogin(entering, view, self.keys, clock),
            kubernetes=KubernetesLogin(entering, view, self.keys, self.reviews, base.sealer, clock),
        )

    async def flush(self) -> None:
        """Tell of the refused logins of minutes that are over."""
        await self.refusals.flush()

    async def close(self) -> None:
        """Tell of all refused logins, and ask nobody any more; before the log stops."""
        await self.refusals.flush(everything=True)
        self.keys.close()
        self.reviews.close()
        self.hashing.close()
