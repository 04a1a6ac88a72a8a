"""How this process verifies whom it calls: one TLS context for all of its connections."""

import functools
import ssl
from pathlib import Path

# Debian's and Amazon Linux's hashed directory: certificates are looked up when needed, which saves
# the 25 ms that parsing the whole bundle costs at every cold start.
_HASHED_CA_DIRECTORIES = (Path("/etc/ssl/certs"), Path("/etc/pki/tls/certs"))


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the context by which the other side must prove its name; made once, since that is what costs."""
    for directory in _HASHED_CA_DIRECTORIES:
        if any(directory.glob("*.0")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(capath=str(directory))
            return context
    return ssl.create_default_context()
