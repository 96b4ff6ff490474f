"""Commands on policies: write, read, list, delete."""

from __future__ import annotations

from typing import Final

from domain.acl.built_in import RESPONSE_WRAPPING, TEXTS, UNCHANGEABLE
from domain.acl.reading import rules_of
from domain.acl.rules import encoded
from domain.acl_policy import AclPolicy, checked_policy_name
from domain.call import Call
from domain.errors import Invalid, NotFound
from domain.names import stream_of
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.results import Done
from domain.vault_config_view import VaultConfigView

_TEMPLATED: Final = "paths with {{…}} speak of identities, which are not served: they give nothing to anybody"


class PolicyCommands:
    """Who writes policies may have by them whatever tokens with them may have."""

    def __init__(
        self, log: EventLog, repository: Repository, view: VaultConfigView, replies: Replies, clock: Clock
    ) -> None:
        self._log = log
        self._repository = repository
        self._view = view
        self._replies = replies
        self._clock = clock

    async def names(self, call: Call) -> list[str]:
        """Of all policies, the built-in ones too, in order."""
        call.require("policies:read")
        written = await self._view.policies(call.tenant)
        return sorted({*written, *TEXTS} - {RESPONSE_WRAPPING})

    async def read(self, call: Call, name: str) -> str:
        """The text of a policy; raises `NotFound`."""
        name = checked_policy_name(name)
        call.require("policies:read", name)
        text = await self._view.policy(call.tenant, name)
        if text is None:
            text = TEXTS.get(name)
        if text is None:
            raise NotFound(f"there is no policy {name!r}")
        return text

    async def exists(self, tenant: str, name: str) -> bool:
        """Whether there is a policy of this name: for who decides what a caller needs."""
        return name.lower() in TEXTS or await self._view.policy(tenant, name.lower()) is not None

    async def write(self, call: Call, name: str, text: str) -> tuple[Done[None], list[str]]:
        """Take the text in the place of what there was, and what is to be said about it. Raises `Invalid`."""
        name = checked_policy_name(name)
        if name in UNCHANGEABLE:
            raise Invalid(f"cannot update {name!r} policy")
        if not text.strip():
            raise Invalid("'policy' parameter not supplied or empty")
        call.require("policies:write", name, exists=await self.exists(call.tenant, name))
        rules = rules_of(text)
        async with self._repository.hold(AclPolicy, stream_of("acl_policy", call.tenant, name)) as held:
            policy = held or AclPolicy.begin(call.tenant, name, self._clock())
            policy.write(text, encoded(rules), self._clock())
            done = Done(None, await self._append(call, policy))
        return done, [_TEMPLATED] if any(rule.is_template for rule in rules) else []

    async def delete(self, call: Call, name: str) -> Done[None]:
        """Take it away from whoever has it. One that is not there is deleted. Raises `Invalid` for a built-in one."""
        name = checked_policy_name(name)
        call.require("policies:write", name, exists=True)
        if name in TEXTS:
            raise Invalid(f"cannot delete {name!r} policy")
        async with self._repository.hold(AclPolicy, stream_of("acl_policy", call.tenant, name)) as policy:
            if policy is None or not policy.live:
                return Done(None, 0)
            policy.delete(self._clock())
            return Done(None, await self._append(call, policy))

    async def _append(self, call: Call, policy: AclPolicy) -> int:
        kept = await self._replies.keep(call, None)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=policy.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=kept.statements,
                reply=kept.reply,
            )
        )
