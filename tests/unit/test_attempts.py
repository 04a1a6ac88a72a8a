"""Attempts: what is one name and one address, and that their keys tell nothing."""

import pytest

from lib.domain.attempts import attempt_keys, fold_address

KEY = "t" * 32


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:46532", "192.0.2.7"),
        (" 192.0.2.7 , 198.51.100.1", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_reads_the_address_out_of_a_platforms_header(value: str, address: str):
    assert fold_address(value) == address


def test_a_name_counts_once_in_whatever_case():
    assert attempt_keys("Alice", "192.0.2.7", KEY) == attempt_keys("aLICE", "192.0.2.7", KEY)


def test_keys_depend_on_ours_and_hold_neither_name_nor_address():
    keys = attempt_keys("alice", "192.0.2.7", KEY)

    assert keys != attempt_keys("alice", "192.0.2.7", "u" * 32)
    assert "alice" not in keys.name_key
    assert "192.0.2.7" not in keys.address_key


def test_a_name_is_never_an_address():
    keys = attempt_keys("192.0.2.7", "192.0.2.7", KEY)

    assert keys.name_key != keys.address_key
