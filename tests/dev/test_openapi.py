"""The functions' OpenAPI documents as one."""

import pytest

from dev.openapi import NameClash, merge


def a_document(path: str, schema: dict[str, str]) -> dict:
    return {"openapi": "3.1.0", "paths": {path: {}}, "components": {"schemas": {"File": schema}}}


def test_paths_of_all_functions_come_together():
    merged = merge([a_document("/a", {"type": "object"}), a_document("/b", {"type": "object"})])

    assert set(merged["paths"]) == {"/a", "/b"}
    assert merged["components"]["schemas"] == {"File": {"type": "object"}}


def test_one_name_with_two_meanings_is_refused():
    with pytest.raises(NameClash, match="'File'"):
        merge([a_document("/a", {"type": "object"}), a_document("/b", {"type": "string"})])
