"""Secrets that detect-secrets does not know: those of the services that Lectern stands on."""

# Its own detectors put texts where the base declares abstract properties, as these do.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

import re

from detect_secrets.plugins.base import RegexBasedDetector


class SupabaseSecretKey(RegexBasedDetector):
    """What passes row level security. Ours for tests are shorter, or say so."""

    secret_type = "Supabase secret key"
    denylist = (re.compile(r"sb_secret_[A-Za-z0-9_-]{22,}"),)


class ModelKey(RegexBasedDetector):
    """OpenAI's keys as they are now; its detector knows those of before."""

    secret_type = "Key of a model endpoint"
    denylist = (re.compile(r"sk-(?:proj|svcacct|admin|or)-[A-Za-z0-9_-]{40,}"),)


class PrivateJwk(RegexBasedDetector):
    """The private member of an elliptic curve key: 32 bytes, such as sign the database tokens."""

    secret_type = "Private JWK"
    denylist = (re.compile(r"\\?\"d\\?\"\s*:\s*\\?\"[A-Za-z0-9_-]{43}\\?\""),)
