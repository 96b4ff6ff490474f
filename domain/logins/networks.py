"""Networks that something may be used from, in CIDR notation (RFC 4632, RFC 4291)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from domain.errors import Invalid

MAX_NETWORKS: Final = 100


def checked_networks(texts: Sequence[str], field: str) -> tuple[str, ...]:
    """`texts` unchanged if each is a network or an address; raises `Invalid`."""
    if len(texts) > MAX_NETWORKS:
        raise Invalid(f"{field}: at most {MAX_NETWORKS} CIDR blocks")
    for text in texts:
        _network(text, field)
    return tuple(texts)


def lies_in(address: str, networks: Iterable[str]) -> bool:
    """Whether `address` is in one of `networks`; what is no address is in none."""
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    return any(found in _network(text, "") for text in networks)


def are_within(inner: Iterable[str], outer: Sequence[str]) -> bool:
    """Whether each network of `inner` lies in one of `outer`; in no `outer` at all is no bound."""
    wide = [_network(text, "") for text in outer]
    return not wide or all(any(_covers(each, _network(text, "")) for each in wide) for text in inner)


def _covers(wide: IPv4Network | IPv6Network, narrow: IPv4Network | IPv6Network) -> bool:
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]  # of one version


def _network(text: str, field: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise Invalid(f"{field}: {text[:60]!r} is no CIDR block, such as 10.0.0.0/8") from None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that came as IPv6 (::ffff:10.0.0.1), as IPv4."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
