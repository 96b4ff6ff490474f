"""Shares put together: the commands of those who share, and of those whom they share with."""

from __future__ import annotations

import os

from adapters.passphrase import PassphraseThreads
from cli.server.config.shares import Shares
from cli.server.leasing import Base
from domain.commands.redeeming import ShareRedeeming
from domain.commands.shares import ShareCommands
from domain.commands.sharing import ShareLimits
from domain.ports import Clock


class Sharing:
    """The commands on shares; `url` is where clients find the server."""

    def __init__(self, settings: Shares, base: Base, clock: Clock, url: str) -> None:
        log, repository, sealer, replies, view = base.log, base.repository, base.sealer, base.replies, base.views.shares
        self.lock = PassphraseThreads()
        limits = ShareLimits(
            default_ttl_seconds=settings.default_ttl_seconds,
            max_ttl_seconds=max(settings.default_ttl_seconds, settings.max_ttl_seconds),
            passphrase_tries=settings.passphrase_tries,
            max_value_bytes=settings.max_value_bytes,
        )
        self.shares = ShareCommands(
            log, repository, sealer, self.lock, view, replies, clock, os.urandom, limits=limits, url=url
        )
        self.redeeming = ShareRedeeming(log, repository, sealer, self.lock, view, replies, clock)
