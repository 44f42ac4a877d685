"""Addresses as they are counted against."""

import pytest

from pacs_settings.core.accounts.addresses import network


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.2", "192.0.2.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:FFFF:FFFF:FFFF:FFFF", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::2%1", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("0:0:0:0:0:ffff:c000:201", "192.0.2.1"),
    ],
)
def test_what_one_subscriber_cannot_vary(address: str, counted: str) -> None:
    assert network(address) == counted


@pytest.mark.parametrize("address", ["", "unknown", "testclient", "192.0.2.1:443", "192.0.2.256"])
def test_what_is_no_address_stays(address: str) -> None:
    assert network(address) == address
