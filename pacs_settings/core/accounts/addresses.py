"""Addresses as they are counted against."""

from ipaddress import IPv6Address, ip_address


def network(address: str) -> str:
    """The part of an address that one subscriber cannot vary: IPv4 whole, IPv6 its first 64 bits.

    What is no address stays as it is.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"
