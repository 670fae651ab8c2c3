"""Finds the address under which other devices reach this machine, without sending anything."""

import socket
from ipaddress import ip_address

_TARGETS = ("203.0.113.1", "192.168.255.254", "10.255.255.254", "172.31.255.254")
"""Out of this network (RFC 5737: nobody's), then in each range that private networks have (RFC 1918)."""


def lan_addresses() -> list[str]:
    """This machine's IPv4 addresses towards other devices, the most likely first; none where it has none."""
    found = [address for target in _TARGETS if (address := _address_towards(target))]
    usable = dict.fromkeys(address for address in found if not ip_address(address).is_loopback)
    # An address out of a private network's range is a home's or an office's, where phones are.
    return sorted(usable, key=lambda address: not ip_address(address).is_private)


def _address_towards(target: str) -> str:
    """The address that the system would send from; a UDP socket that is connected sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 9))
        except OSError:  # no route there
            return ""
        return str(probe.getsockname()[0])
