"""The yardstick: the least an ASGI application can do, served just as the product is."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
import uvloop

_BODY = b'{"name":"app/s7","value":"0123456789abcdef","version":1,"metadata":{}}'


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Read the body, answer with as many bytes as a small secret's answer has."""
    more = scope["method"] in ("POST", "PUT")
    while more:
        more = (await receive()).get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


def main() -> None:
    """Arguments: port, certificate, key."""
    port, certificate, key = sys.argv[1:4]
    config = uvicorn.Config(
        echo,
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
