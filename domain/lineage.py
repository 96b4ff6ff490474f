"""Who stands behind a token. Whoever issues a token may give it any subject, so its own subject proves nothing.

A lineage is the subjects from a token up to the one that the operator issued: first the token's own, last that of the
*person*, the only name that was given by the operator and not by somebody who may profit from it.
"""

from __future__ import annotations

from domain.api_token import MAX_GENERATIONS
from domain.call import Principal
from domain.errors import Forbidden
from domain.views import TokensView

Lineage = tuple[str, ...]


def related(one: Lineage, other: Lineage) -> bool:
    """Whether both may be one person: they share a subject, and so each token that one issued to the other."""
    return not set(one).isdisjoint(other)


def person(lineage: Lineage) -> str:
    """Whom the operator issued the first token to."""
    return lineage[-1]


async def lineage_of(view: TokensView, principal: Principal) -> Lineage:
    """The caller's lineage; raises `Forbidden` if it is longer than the longest that is told."""
    rows = await view.lineage(principal.tenant, principal.token_id)
    if rows and rows[0].parent:
        raise Forbidden(
            f"this token was issued by way of more than {MAX_GENERATIONS} others; use one nearer to the operator's"
        )
    return tuple(row.subject for row in reversed(rows)) or (principal.subject,)
