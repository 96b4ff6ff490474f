"""AWS: an IAM user a lease, which a policy of its own ends at AWS too, or credentials of STS that run out.

IAM learns of changes one server after another, and takes some seconds for it. What that means is said where it matters.
"""

from __future__ import annotations

from adapters.providers.aws_iam.kind import AwsIamKind
from domain.backends import BackendKind

KIND: BackendKind = AwsIamKind()
