"""Commands of those who share: make, list, look what became of one, withdraw; and the end of what has expired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.call import Call
from domain.commands.sharing import (
    NewShare,
    Seen,
    ShareLimits,
    ShareMeta,
    ShareReceipt,
    meta_of,
    purpose,
    seal_context,
)
from domain.errors import Invalid, NotFound, TooLarge
from domain.names import stream_of
from domain.passphrase import PassphraseLock
from domain.ports import Append, Clock, EventLog, Replies, Repository, Sealed, Sealer, Statement
from domain.results import Done
from domain.share import MAX_NOTE, MAX_VIEWS, OPEN, Share, Terms
from domain.share_view import ShareRow, SharesView
from domain.token_text import SHARE_PREFIX, digest_of, token_text
from domain.views import Work

_ITSELF: Final = "trstctl"
"""How the log names the server where nobody asked for what it did."""


class ShareCommands:
    """`entropy` gives random bytes, of which tokens and ids are made; `url` is where clients find the server."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        lock: PassphraseLock,
        view: SharesView,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
        *,
        limits: ShareLimits,
        url: str,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._lock = lock
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy
        self._limits = limits
        self._url = url

    async def create(self, call: Call, wanted: NewShare) -> Done[ShareMeta]:
        """A share, its token shown this once. Raises `Invalid`, `TooLarge` for what is beyond its bounds."""
        call.require("shares:create")
        ttl_seconds = self._checked(wanted)
        at = self._clock()
        share_id = f"shr_{int(at.timestamp() * 1000):012x}{self._entropy(6).hex()}"
        token = token_text(self._entropy(32), SHARE_PREFIX)
        sealed = await self._sealed(call.tenant, share_id, wanted)
        terms = Terms(
            share_id=share_id,
            subject=call.principal.subject,
            hash=digest_of(token),
            seal_id=sealed.seal_id,
            seal_digest=sealed.digest,
            expires_at=at + timedelta(seconds=ttl_seconds),
            max_views=wanted.max_views,
            guarded=wanted.passphrase is not None,
            max_tries=self._limits.passphrase_tries,
            note=wanted.note,
        )
        meta = _told(terms, at)
        share = Share.create(call.tenant, terms, at)
        position = await self._append(call, share, msgspec.structs.replace(meta, replayed=True), sealed.statements)
        return Done(msgspec.structs.replace(meta, token=token, url=f"{self._url}/s#{token}"), position)

    def _checked(self, wanted: NewShare) -> int:
        """How long it is to live, if all is within bounds."""
        limits = self._limits
        if len(wanted.value) > limits.max_value_bytes:
            raise TooLarge(f"the value has {len(wanted.value)} bytes; at most {limits.max_value_bytes} can be shared")
        if not len(wanted.value):
            raise Invalid("there is nothing to share: the value is empty")
        if not 1 <= wanted.max_views <= MAX_VIEWS:
            raise Invalid(f"max_views is 1 to {MAX_VIEWS}")
        if len(wanted.note) > MAX_NOTE:
            raise Invalid(f"a note has at most {MAX_NOTE} characters")
        ttl_seconds = limits.default_ttl_seconds if wanted.ttl_seconds is None else wanted.ttl_seconds
        if not 1 <= ttl_seconds <= limits.max_ttl_seconds:
            raise Invalid(f"ttl_seconds is 1 to {limits.max_ttl_seconds}")
        return ttl_seconds

    async def _sealed(self, tenant: str, share_id: str, wanted: NewShare) -> Sealed:
        context = seal_context(tenant, share_id)
        if wanted.passphrase is None:
            return await self._sealer.seal(context, wanted.value)
        with await self._lock.lock(wanted.value, wanted.passphrase, purpose(tenant, share_id)) as locked:
            return await self._sealer.seal(context, locked)

    async def page(
        self, call: Call, subject: str | None, state: str | None, cursor: str, limit: int
    ) -> list[ShareMeta]:
        """The caller's own shares, or with `shares:manage` everybody's, in order of id, after `cursor`."""
        if not call.allows("shares:manage"):
            call.require("shares:create")
            if subject not in {None, call.principal.subject}:
                return []
            subject = call.principal.subject
        now = self._clock()
        rows = await self._view.page(call.tenant, subject, state, now, cursor, limit)
        return [meta_of(row, now) for row in rows]

    async def receipt(self, call: Call, share_id: str) -> ShareReceipt:
        """What became of a share; raises `NotFound` for one that is somebody else's."""
        row = await self._own(call, share_id)
        views = await self._view.views(call.tenant, share_id)
        return ShareReceipt(
            share=meta_of(row, self._clock()),
            views=[Seen.of(view) for view in views],
            failed_passphrases=row.failures,
        )

    async def revoke(self, call: Call, share_id: str, reason: str = "") -> Done[None]:
        """Withdraw a share: its value is gone for good. Raises `NotFound`, `Conflict` if it has ended already."""
        await self._own(call, share_id)
        async with self._repository.hold(Share, stream_of("share", call.tenant, share_id)) as share:
            if share is None:
                raise _unknown(share_id)
            share.revoke(reason, self._clock())
            return Done(None, await self._append(call, share, None, self._destruction(call.tenant, share)))

    async def expire(self, work: Work) -> None:
        """End a share whose time is over, as the process manager wants; raises `Conflict` if it has ended already."""
        async with self._repository.hold(Share, stream_of("share", work.tenant, work.ref)) as share:
            if share is None:
                raise _unknown(work.ref)
            share.expire(self._clock())
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor=_ITSELF,
                    request_id=self._entropy(8).hex(),
                    events=share.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                    statements=self._destruction(work.tenant, share),
                )
            )

    async def _own(self, call: Call, share_id: str) -> ShareRow:
        manages = call.allows("shares:manage")
        if not manages:
            call.require("shares:create")
        row = await self._view.by_id(call.tenant, share_id)
        if row is None or not (manages or row.subject == call.principal.subject):
            raise _unknown(share_id)
        return row

    def _destruction(self, tenant: str, share: Share) -> Sequence[Statement]:
        return self._sealer.destroy(tenant, [share.seal_id])

    async def _append(self, call: Call, share: Share, result: object, statements: Sequence[Statement]) -> int:
        kept = await self._replies.keep(call, result)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=share.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )


def _told(terms: Terms, at: datetime) -> ShareMeta:
    return ShareMeta(
        id=terms.share_id,
        subject=terms.subject,
        note=terms.note,
        state=OPEN,
        passphrase_required=terms.guarded,
        max_views=terms.max_views,
        views_left=terms.max_views,
        created_at=at,
        expires_at=terms.expires_at,
    )


def _unknown(share_id: str) -> NotFound:
    return NotFound(f"there is no share {share_id!r}")
