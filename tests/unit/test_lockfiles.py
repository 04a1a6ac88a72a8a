"""Lock files completed with packages of other platforms."""

from typing import Any

from dev.lockfiles import complete


def lock_of(optional: dict[str, str], *present: str) -> dict[str, Any]:
    packages = {f"node_modules/{name}": {"version": "1.2.3"} for name in present}
    asks = {"version": "1.2.3", "optionalDependencies": optional}
    return {"packages": {"": {}, "node_modules/tool": asks, **packages}}


def test_adds_what_a_registry_did_not_offer_with_its_platform() -> None:
    lock = lock_of({"tool-darwin-arm64": "1.2.3", "tool-linux-x64": "1.2.3"}, "tool-linux-x64")

    assert complete(lock) == ["tool-darwin-arm64"]

    assert lock["packages"]["node_modules/tool-darwin-arm64"] == {
        "version": "1.2.3",
        "os": ["darwin"],
        "cpu": ["arm64"],
        "optional": True,
    }
    assert lock["packages"]["node_modules/tool-linux-x64"] == {"version": "1.2.3"}


def test_reads_platforms_as_rust_names_them() -> None:
    lock = lock_of({"@org/cli-x86_64-linux-musl": "1.2.3", "@org/aarch64-apple-darwin": "1.2.3"})

    complete(lock)

    musl = lock["packages"]["node_modules/@org/cli-x86_64-linux-musl"]
    apple = lock["packages"]["node_modules/@org/aarch64-apple-darwin"]
    assert (musl["os"], musl["cpu"], musl["libc"]) == (["linux"], ["x64"], ["musl"])
    assert (apple["os"], apple["cpu"]) == (["darwin"], ["arm64"])


def test_leaves_a_complete_lock_and_packages_of_no_platform_alone() -> None:
    lock = lock_of({"tool-linux-x64": "1.2.3", "colours": "1.2.3"}, "tool-linux-x64")

    assert complete(lock) == []
