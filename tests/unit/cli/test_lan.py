"""This machine's address in the local network."""

import socket

from torch2web.cli.lan import lan_addresses


def test_addresses_are_this_machines_and_no_loopback() -> None:
    """A server can listen on each address found; without a network there is none."""
    addresses = lan_addresses()
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        assert not address.startswith("127.")
        with socket.create_server((address, 0)):
            pass
