"""What keeps the stored bytes private on a real Supabase: the bucket's own flag, and no policy at all.

The local Storage knows neither public buckets nor policies, so that no attack on it could show that one had crept in.
"""

import pytest

from tests.conftest import Ground

pytestmark = pytest.mark.promise("The storage gives nobody another's bytes")


def test_no_bucket_is_public(ground: Ground) -> None:
    buckets = ground.rows("select id, public from storage.buckets")

    assert [tuple(bucket.values()) for bucket in buckets] == [("files", False)]


def test_no_policy_opens_an_object(ground: Ground) -> None:
    policies = ground.rows(
        "select tablename, policyname from pg_policies where schemaname = 'storage'"
    )
    table = ground.row(
        "select relrowsecurity as is_on from pg_class where oid = 'storage.objects'::regclass"
    )

    assert (policies, table["is_on"]) == ([], True)
