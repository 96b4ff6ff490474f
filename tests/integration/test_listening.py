"""The socket the server claims."""

from __future__ import annotations

import socket

import pytest

from cli.server.listening import bound
from domain.errors import Misconfigured


def test_who_connects_before_the_server_accepts_waits() -> None:
    with bound("127.0.0.1:0") as listener, socket.create_connection(listener.getsockname(), timeout=5):
        pass


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    with bound("127.0.0.1:0") as first:
        listen = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(Misconfigured, match=r"in use; something else serves there: stop it, or choose another"):
            bound(listen)


def test_another_machine_s_address_is_refused() -> None:
    with pytest.raises(Misconfigured, match="name an address of this machine"):
        bound("192.0.2.1:0")


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"listen: no\.such\.host\.invalid:0"):
        bound("no.such.host.invalid:0")
