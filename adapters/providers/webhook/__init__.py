"""A webhook: an HTTPS service of yours that makes accounts in whatever you have, and rotates standing ones.

What is asked is signed, and is written down in docs/how-to/rotate-by-webhook.md.
"""

from __future__ import annotations

from adapters.providers.webhook.kind import WebhookKind
from domain.backends import BackendKind

KIND: BackendKind = WebhookKind()
