"""The command of those whom something is shared with: the view is in the log, durably, before the value goes out.

Exactly as many views as the share allows, whatever comes at once on however many nodes: each view is an event that
expects its version of the share's stream, and the last one destroys the value's key in the same append.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from domain.call import Call
from domain.commands.sharing import Redeemed, purpose, seal_context
from domain.errors import Gone, NotFound, PassphraseRequired, PassphraseWrong, VersionConflict
from domain.names import stream_of
from domain.passphrase import PassphraseLock
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Kept, Replies, Repository, Sealer, Statement
from domain.results import Done
from domain.share import OPEN, Share, Visitor
from domain.share_view import ShareRow, SharesView
from domain.token_text import SHARE_PREFIX, digest_of, well_formed

ANYBODY: Final = "anybody"
"""How the log names who redeems without a token of the share's tenant."""
USED_UP: Final = 410
"""The status kept for who repeats a redeem with its idempotency key: the value was given, and is not given again."""
_TRIES: Final = 256
"""How often a view is tried anew when another node gave one in between: more than views and tries of one share."""


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """One request to see a share. `call` is None if it came without an API token."""

    token: str
    passphrase: Plaintext | None
    visitor: Visitor
    request_id: str
    call: Call | None = None

    def actor(self, tenant: str) -> str:
        """How the log of `tenant` names who asks: another tenant's people are nobody there."""
        return self.call.principal.actor if self.call and self.call.tenant == tenant else ANYBODY

    def __repr__(self) -> str:
        """Without what is in it."""
        return "Redemption(<redacted>)"


class ShareRedeeming:
    """Redeems. What a share is found by is the hash of its token, in one read whatever comes of it."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        lock: PassphraseLock,
        view: SharesView,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._lock = lock
        self._view = view
        self._replies = replies
        self._clock = clock

    async def redeem(self, asked: Redemption) -> Done[Redeemed]:
        """The value, for one of its views.

        Raises `Gone` alike for a share that never was and for one that has ended, `PassphraseRequired` if it needs one
        (nothing is counted), `PassphraseWrong` after counting the try.
        """
        row = await self._view.by_hash(digest_of(asked.token))
        if row is None or not well_formed(asked.token, SHARE_PREFIX):
            raise Gone
        if row.state != OPEN or row.expires_at <= self._clock():
            raise Gone
        if row.guarded and asked.passphrase is None:
            raise PassphraseRequired("this share opens with a passphrase; its sender has it")
        for _ in range(_TRIES):
            try:
                return await self._given(asked, row)
            except VersionConflict:
                continue
        raise VersionConflict("this share is being redeemed by many at once; try again")

    async def _given(self, asked: Redemption, row: ShareRow) -> Done[Redeemed]:
        async with self._repository.hold(Share, stream_of("share", row.tenant, row.share_id)) as share:
            if share is None:
                raise Gone
            share.must_give(self._clock())
            value = await self._opened(asked, row, share)
            if value is None:
                left = share.refuse(asked.visitor, self._clock())
                await self._append(asked, row, share, destroying=not left)
                raise PassphraseWrong(_wrong(left), tries_left=left)
            try:
                left = share.view(asked.visitor, self._clock())
                position = await self._append(asked, row, share, destroying=not left, kept=await self._kept(asked))
            except BaseException:
                value.wipe()
                raise
            return Done(Redeemed(value, left), position)

    async def _opened(self, asked: Redemption, row: ShareRow, share: Share) -> Plaintext | None:
        """The value, or None if the passphrase is wrong."""
        try:
            sealed = await self._sealer.open(seal_context(row.tenant, row.share_id), share.seal_id)
        except NotFound:  # another node gave the last view just now
            raise Gone from None
        if not share.guarded or asked.passphrase is None:
            return sealed
        with sealed:
            return await self._lock.unlock(sealed, asked.passphrase, purpose(row.tenant, row.share_id))

    async def _kept(self, asked: Redemption) -> Kept:
        """That the key was used: who repeats the request is not given the value, nor another view."""
        if asked.call is None:
            return Kept()
        return await self._replies.keep(msgspec.structs.replace(asked.call, success=USED_UP), None)

    async def _append(
        self, asked: Redemption, row: ShareRow, share: Share, *, destroying: bool, kept: Kept | None = None
    ) -> int:
        destruction: Sequence[Statement] = self._sealer.destroy(row.tenant, [share.seal_id]) if destroying else ()
        return await self._log.append(
            Append(
                tenant=row.tenant,
                actor=asked.actor(row.tenant),
                request_id=asked.request_id,
                events=share.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*destruction, *(kept.statements if kept else ())],
                reply=kept.reply if kept else None,
            )
        )


def _wrong(left: int) -> str:
    if not left:
        return "this is not the passphrase, and it was the last try: the share is locked for ever; ask for another"
    return f"this is not the passphrase; {left} more {'try' if left == 1 else 'tries'}, then the share is locked"
