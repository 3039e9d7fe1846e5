"""Releases and charts, with Pulumi's mocks: that what is rendered is what they deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
import pytest
from prepull import images_of, prepull_stack
from prepull.program.charts import helm
from prepull.program.images_of import of_rendered

from ...conftest import Engine, Recorder
from ..blocks import library, rendered, run
from .conftest import TEMPLATE, Renderer, chart, k8s, release

HOOKS: list[tuple[Any, str]] = [
    (None, "web"),
    ("pre-install", "pre-install"),
    ("post-upgrade", "post-upgrade"),
    ("pre-delete", "pre-delete"),
    ("post-delete", "post-delete"),
    ("pre-install,post-delete", "both"),
    ("Post-Install , test", "spaced"),
    ("pre-rollback", "rollback"),
    ("test", "test"),
    ("test-success", "test-success"),
    ("pre-delete,post-delete", "deletion"),
]


def hooks() -> dict[str, Any]:
    """What the provider renders of a chart with hooks of every kind."""
    answer = rendered(*(name for _, name in HOOKS))
    for manifest, (hook, _) in zip(answer["result"], HOOKS, strict=True):
        manifest["metadata"]["annotations"] = {"helm.sh/hook": hook} if hook else {"a": "b"}
    return answer


INSTALL, UPGRADE = ("pre-install", "both", "spaced"), ("post-upgrade",)


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (release, ("web", *INSTALL, *UPGRADE)),
        (lambda: release(disable_webhooks=True), ("web", *UPGRADE)),
        (lambda: release(disable_crd_hooks=True), ("web", *INSTALL)),
        (lambda: release(disable_crd_hooks=True, disable_webhooks=True), ("web",)),
        (chart, ("web",)),
    ],
)
def test_of_hooks_those_that_are_run(engine: Engine, declare: Any, expected: tuple[str, ...]) -> None:
    engine.recorder.answers = {TEMPLATE: hooks()}
    assert run(engine, declare) == library(*sorted(expected))


def test_of_hooks_those_that_another_tool_is_to_run(engine: Engine) -> None:
    engine.recorder.answers = {TEMPLATE: hooks()}
    # Older SDKs do not have this input.
    inputs = {"chart": "nginx", "include_hooks": True}
    declared = engine.run(lambda: {"images": of_rendered(helm.CHART, "web", inputs, pulumi.InvokeOptions())})
    assert sorted(declared["images"]) == library(*sorted(("web", *INSTALL, *UPGRADE)))


def test_of_a_release_that_is_there_as_well(engine: Engine) -> None:
    engine.recorder.answers = {TEMPLATE: hooks()}
    found = engine.run(lambda: {"images": images_of(release(disable_webhooks=True))})
    assert sorted(found["images"]) == library(*sorted(("web", *UPGRADE)))


def test_hooks_that_are_tests_too_are_asked_for(engine: Engine, renderer: Renderer) -> None:
    run(engine, release)
    assert renderer.asked["include_test_hook_resources"] is True


def test_assets_among_values_are_their_text(engine: Engine, renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "tag").write_text("1.2.3")
    values = {
        "image": {"tag": pulumi.FileAsset(str(tmp_path / "tag"))},
        "list": [pulumi.StringAsset("a"), 2],
        "date": pulumi.StringAsset("2026-01-01"),
    }
    run(engine, lambda: chart(values=values, value_yaml_files=[pulumi.StringAsset("since: 2026-01-01")]))
    assert renderer.asked["values"] == {
        "since": "2026-01-01",
        "image": {"tag": "1.2.3"},
        "list": ["a", 2],
        "date": "2026-01-01",
    }


def test_an_empty_value_overrides_a_default(engine: Engine, renderer: Renderer) -> None:
    run(engine, lambda: release(values={"sidecar": None, "nested": {"a": None, "b": {}}}, skip_crds=True))
    assert renderer.asked["values"] == {"sidecar": None, "nested": {"a": None, "b": {}}}
    assert renderer.asked["skip_crd_rendering"] is True


def test_the_namespace_is_the_one_that_is_selected_by(engine: Engine, renderer: Renderer) -> None:
    def program() -> dict[str, Any]:
        provider = pulumi.ResourceOptions(provider=k8s.Provider("apps", namespace="apps"))
        with prepull_stack("images", opts=provider, namespaces="apps") as images:
            k8s.helm.v3.Release("web", k8s.helm.v3.ReleaseArgs(chart="nginx"), opts=provider)
        return {"images": images.images}

    renderer.answers[TEMPLATE]["result"][0]["metadata"]["namespace"] = "apps"
    assert engine.run(program) == {"images": library("a")}
    assert renderer.asked["namespace"] == "apps"


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: release(postrender="sed"), "Release 'web': .*: postrender may put other images in"),
        (lambda: release(reuse_values=True), "Release 'web': .*: reuse_values takes values from the release that is"),
        (lambda: chart(values={"a": pulumi.FileArchive(".")}), "Chart 'web': .*neither a file nor a text"),
        (lambda: chart(value_yaml_files=[pulumi.FileArchive(".")]), "Chart 'web': .*neither a file nor a text"),
        (lambda: chart(value_yaml_files=[pulumi.FileAsset("nowhere.yaml")]), "Chart 'web': .*nowhere.yaml"),
        (lambda: chart(value_yaml_files=[pulumi.StringAsset("a: [")]), "(?s)Chart 'web': .*while parsing"),
        (lambda: chart(chart=f"oci://example.com/app@sha256:{'a' * 64}"), "Chart 'web': .*by a digest; give its versi"),
        (lambda: chart(chart="oci://a.b/app:1.0.0", version="2.0.0"), "Chart 'web': .*tag '1.0.0', and its version is"),
    ],
)
def test_a_chart_that_cannot_be_known_is_named_with_the_way_out(engine: Engine, declare: Any, message: str) -> None:
    engine.recorder.answers = {TEMPLATE: rendered("a")}
    with pytest.raises(pulumi.RunError, match=f"{message}.*; name it in exclude, and write its images in images"):
        run(engine, declare)


def test_reset_values_win_over_values_that_are_reused(engine: Engine, renderer: Renderer) -> None:
    assert run(engine, lambda: release(reuse_values=True, reset_values=True)) == library("a")
    assert len(renderer.calls) == 1


class Refused(grpc.RpcError):  # type: ignore[misc]
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "failed to pull chart"


class Refusing(Recorder):
    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        del args
        raise Refused


@pytest.mark.parametrize(("declare", "title"), [(release, "Release 'web'"), (chart, "Chart 'web'")])
def test_what_the_provider_says_is_told_with_the_resources_name(engine: Engine, declare: Any, title: str) -> None:
    engine.recorder = Refusing()
    with pytest.raises(
        pulumi.RunError, match=rf"(?s)^{title}: its images cannot be known in advance: .*failed to pull chart; name it"
    ):
        run(engine, declare)
