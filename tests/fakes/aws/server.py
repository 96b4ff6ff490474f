"""The process: `python -m tests.fakes.aws.server FOLDER` serves HTTPS on a free port until its standard input ends.

Its first line is JSON: the port, and the access key of an administrator. The certificate is in FOLDER/aws.pem.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from adapters.crypto import self_signed_certificate
from tests.fakes.aws import authorization, iam, principals, sts
from tests.fakes.aws.control import controlled

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def _administrator() -> dict[str, str]:
    user = principals.iam().create_user("us-east-1", "administrator")
    user.put_policy("everything", json.dumps(_EVERYTHING))
    key = principals.iam().create_access_key("administrator")
    return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}


def _server(folder: Path) -> BaseWSGIServer:
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 2)
    (folder / "aws.pem").write_bytes(certificate)
    (folder / "aws.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "aws.pem", folder / "aws.key")
    application = controlled(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Handler)
    # The handshake is left to the connection's thread: one that stands still must not keep others out.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve."""
    if settings.INITIAL_NO_AUTH_ACTION_COUNT != 0:
        sys.exit("set INITIAL_NO_AUTH_ACTION_COUNT=0: without it moto takes any signature")
    for part in (authorization, iam, sts):
        part.install()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = _server(Path(sys.argv[1]))
    print(json.dumps({"port": server.server_port, **_administrator()}), flush=True)  # noqa: T201 - for who started it
    server.serve_forever()


if __name__ == "__main__":
    main()
