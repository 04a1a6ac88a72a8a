"""Under which keys failed sign-ins are counted: hashes that tell nothing without our key."""

import hashlib
import hmac
import ipaddress

from pydantic import BaseModel, ConfigDict

_UNKNOWN = "unknown"
_IPV6_NETWORK_BITS = 64  # what one household or one server gets (RFC 6177)


class AttemptKeys(BaseModel):
    """The name and the address that an attempt counts against."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name_key: str
    address_key: str


def attempt_keys(username: str, address: str, key: str) -> AttemptKeys:
    """Hash a submitted name, whether it exists or not, and the address it came from."""
    return AttemptKeys(
        name_key=hash_name(username, key), address_key=_hash("address", fold_address(address), key)
    )


def signup_code_keys(address: str, key: str) -> AttemptKeys:
    """Return what a wrong sign-up code counts against: the one code of all, and the address it came from."""
    return AttemptKeys(
        name_key=_hash("signup", "code", key),
        address_key=_hash("address", fold_address(address), key),
    )


def hash_name(username: str, key: str) -> str:
    return _hash("name", username.casefold(), key)


def _hash(kind: str, value: str, key: str) -> str:
    return hmac.new(key.encode(), f"{kind} {value}".encode(), hashlib.sha256).hexdigest()


def fold_address(value: str) -> str:
    """Return the client's address from what a platform's header says.

    The first entry of a list, without a port (`CloudFront-Viewer-Address` has one); of IPv6 the
    network of 64 bits, since a client chooses the rest at will.
    """
    address = _parse(value.partition(",")[0].strip())
    if address is None:
        return _UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False))
    return str(address)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    in_brackets = text.removeprefix("[").partition("]")[0]
    without_port = text.rpartition(":")[0]
    for candidate in (in_brackets, without_port):
        try:
            return ipaddress.ip_address(candidate.partition("%")[0])
        except ValueError:
            continue
    return None
