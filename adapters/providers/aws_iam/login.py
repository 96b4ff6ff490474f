"""Who we are to AWS: an access key that we were given, or the machine's role. Nothing else is ever looked up."""

from __future__ import annotations

import os
from typing import Any, Final, cast

import boto3
import botocore.session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import Credentials, InstanceMetadataProvider
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.loaders import create_loader
from botocore.utils import InstanceMetadataFetcher

from domain.backends import BackendUnavailable

METADATA: Final[dict[str, Any]] = {"ec2_metadata_v1_disabled": True}
"""The instance metadata service is asked with a session token of its own (version 2), or not at all."""
_LOADER: Final = create_loader()
"""Descriptions of services, read once for all sessions: that takes a tenth of a second."""
_NOWHERE: Final = {"config_file": os.devnull, "credentials_file": os.devnull}


class _Metadata(InstanceMetadataFetcher):
    """Asks the instance itself, in bounded time; through a proxy, one would get the role of the proxy's machine."""

    def __init__(self) -> None:
        super().__init__(timeout=1, num_attempts=2, env={}, user_agent="trstctl", config=METADATA)
        self._session = URLLib3Session(timeout=1, proxies={})


class Login:
    """An access key, or with none the machine's role."""

    def __init__(self, key_id: str, secret: str, token: str) -> None:
        self.key_id = key_id
        self._secret = secret
        self._token = token

    @property
    def hidden(self) -> tuple[str, str]:
        """What must stand in no message."""
        return self._secret, self._token

    def credentials(self) -> Any:  # noqa: ANN401 - the library's types have no common one
        """For the library; raises `BackendUnavailable` if the machine does not tell its role's. Blocks."""
        if self.key_id:
            return Credentials(self.key_id, self._secret, self._token or None)
        try:
            found = InstanceMetadataProvider(iam_role_fetcher=_Metadata()).load()
        except BotoCoreError:
            found = None
        if found is None:
            raise BackendUnavailable(
                "AWS: the instance metadata service (version 2) tells of no role: attach one to the instance, allow as"
                " many hops as there are to the server, or give an access key instead of use_instance_role"
            )
        return found

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Login({self.key_id or 'the role of the machine'})"


class _Found:
    """Stands where the library looks credentials up."""

    def __init__(self, credentials: Any) -> None:  # noqa: ANN401 - see `Login.credentials`
        self._credentials = credentials

    def load_credentials(self) -> Any:  # noqa: ANN401 - see `Login.credentials`
        return self._credentials


def session(region: str, login: Login) -> boto3.Session:
    """A session of the library's that heeds no variable and no file of this machine; raises and blocks as `Login`."""
    deaf = botocore.session.Session(session_vars=cast("Any", _deaf()))
    deaf.register_component("data_loader", _LOADER)
    deaf.register_component("credential_provider", _Found(login.credentials()))
    return boto3.Session(region_name=region, botocore_session=deaf)


def _deaf() -> dict[str, tuple[None, None, Any, Any]]:
    """Every variable of the library's with its default, and neither a file nor the environment behind it."""
    return {
        name: (None, None, _NOWHERE.get(name, default), conversion)
        for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
