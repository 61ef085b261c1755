"""Which hosts of the network the guest may reach.

Without ``--allow-net`` there is no network. With it there is the loopback interface, which the
host's kernel keeps sockets on (SO_BINDTODEVICE, Linux 5.7 or newer); a list of hosts opens those as
well, and then addresses are compared here.
"""

import struct
from collections.abc import Sequence

from dbt.lazy import lazy_property
from dbt.linux import host
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

AF_INET, AF_INET6 = 2, 10
_SOL_SOCKET, _SO_BINDTODEVICE = 1, 25
_LOOPBACK = ("127.0.0.0/8", "::1/128")


class Network:
    """The networks that the user allowed. ``hosts`` None: no network; empty: loopback alone."""

    def __init__(self, hosts: Sequence[str] | None) -> None:
        self.allowed = hosts is not None
        self._only_loopback = not hosts
        self._hosts = (*_LOOPBACK, *(hosts or ()))

    @lazy_property
    def _nets(self) -> "list[IPv4Network | IPv6Network]":
        from ipaddress import ip_network  # few programs use the network

        return [ip_network(text) for text in self._hosts]

    @property
    def filters(self) -> bool:
        """Whether what comes from other hosts has to be compared with the list."""
        return not self._only_loopback

    def confine(self, fd: int) -> None:
        """Keep a new socket on the loopback interface, if that is all there is. OSError."""
        if self._only_loopback:
            name = b"lo\0"
            host.call("setsockopt", fd, _SOL_SOCKET, _SO_BINDTODEVICE, name, len(name))

    def reaches(self, name: bytes) -> bool:
        """Whether a socket address is of a host that the guest may talk to. What is no whole
        address of the two families is left to the host's kernel, which refuses it."""
        address = address_of(name)
        if address is None or address.is_unspecified:  # which means this host
            return True
        return any(address in net for net in self._nets)


def address_of(name: bytes) -> "IPv4Address | IPv6Address | None":
    """The address in a ``sockaddr_in`` or ``sockaddr_in6``; an IPv4 address that is mapped into an
    IPv6 one is itself. None for others."""
    from ipaddress import IPv4Address, IPv6Address

    if len(name) < 8:
        return None
    family = struct.unpack_from("=H", name)[0]
    if family == AF_INET:
        return IPv4Address(name[4:8])
    if family == AF_INET6 and len(name) >= 24:
        found = IPv6Address(name[8:24])
        return found.ipv4_mapped or found
    return None
