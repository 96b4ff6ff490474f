"""Google Cloud: a key of a service account a lease, whose certificate ends it, or a short-lived access token.

Google never makes a private key for us. We make it, and upload a certificate of its public half: Google takes the key
until the certificate ends, and the certificate's name is how we find the key again.
"""

from __future__ import annotations

from adapters.providers.gcp_iam.kind import GcpIamKind
from domain.backends import BackendKind

KIND: BackendKind = GcpIamKind()
