"""Where releases and charts come from, with Pulumi's mocks: URLs, registries, repositories, paths, and subcharts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pulumi
import pytest

from ...conftest import Engine
from ..blocks import library, run
from .conftest import Renderer, archive, chart, release


@dataclass
class Site:
    """A server of one file, and what it was asked."""

    url: str
    content: bytes = b""
    password: str | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization")
            here.asked.append((self.path, given))
            wanted = None if here.password is None else f"Basic {base64.b64encode(here.password.encode()).decode()}"
            if not here.content or given != wanted:
                self.send_error(404 if given == wanted else 401)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(here.content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the server calls
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_address[1]}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("declare", [release, chart])
@pytest.mark.parametrize("path", ["/my-chart-1.2.3.tgz", "/charts/my-chart-1.2.3-rc.1.tgz", "/chart", "/get?chart=my"])
def test_an_archive_at_a_url_whatever_its_name(
    engine: Engine, renderer: Renderer, site: Site, declare: Any, path: str
) -> None:
    site.content = archive()
    assert run(engine, lambda: declare(chart=site.url + path, values={"a": 1})) == library("a")
    assert site.asked == [(path, None)]
    assert "chart" not in renderer.asked
    assert renderer.asked["values"] == {"a": 1}
    assert renderer.files == {"path": site.content}
    assert not Path(renderer.asked["path"]).exists()


def test_an_archive_behind_a_password(engine: Engine, renderer: Renderer, site: Site) -> None:
    site.content, site.password = archive(), "me:secret"
    given = {"username": "me", "password": "secret"}
    assert run(engine, lambda: release(chart=f"{site.url}/my-chart-1.2.3.tgz", repository_opts=given)) == library("a")
    assert renderer.files == {"path": site.content}


def test_an_archive_that_is_not_there_is_an_error_with_the_resources_name(engine: Engine, site: Site) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"^Release 'web': its images cannot .* cannot be fetched: HTTP Error 404.*; name it in e"
    ):
        run(engine, lambda: release(chart=f"{site.url}/my-chart-1.2.3.tgz"))
    site.content = b"<html>log in</html>"
    with pytest.raises(pulumi.RunError, match=r"^Chart 'web': its images cannot .*: its chart is not an archive"):
        run(Engine(), lambda: chart(chart=f"{site.url}/my-chart-1.2.3.tgz"))


@pytest.mark.parametrize(
    ("declare", "asked"),
    [
        # A release takes a repository's name or its URL, and a chart in a registry whatever the repository.
        (lambda: release(repository_opts={"repo": "bitnami"}), {"chart": "bitnami/nginx"}),
        (lambda: release(chart="x/nginx", repository_opts={"repo": "bitnami"}), {"chart": "x/nginx"}),
        (
            lambda: release(repository_opts={"repo": "https://example.com/charts"}),
            {"chart": "nginx", "fetch_opts": {"repo": "https://example.com/charts"}},
        ),
        (
            lambda: release(chart="oci://example.com/charts/my-app", repository_opts={"repo": "https://example.com"}),
            {"chart": "oci://example.com/charts/my-app"},
        ),
        (
            lambda: chart(chart="oci://example.com:5000/charts/my-app:1.2.3"),
            {"chart": "oci://example.com:5000/charts/my-app", "version": "1.2.3"},
        ),
        (
            lambda: chart(chart="oci://example.com/my-app:1.2.3", version="1.2.3"),
            {"chart": "oci://example.com/my-app", "version": "1.2.3"},
        ),
        (lambda: chart(chart=" nginx ", devel=True), {"chart": "nginx", "fetch_opts": {"devel": True}}),
    ],
)
def test_how_a_chart_is_asked_for(engine: Engine, renderer: Renderer, declare: Any, asked: dict[str, Any]) -> None:
    run(engine, declare)
    said = renderer.asked
    assert {key: said[key] for key in ("chart", "version", "path", "fetch_opts") if key in said} == asked


def test_a_registrys_credentials_are_in_a_file_of_their_own(engine: Engine, renderer: Renderer) -> None:
    given = {"username": "me", "password": "secret"}
    run(engine, lambda: chart(chart="oci://example.com:5000/charts/my-app", repository_opts=given))
    token = base64.b64encode(b"me:secret").decode()
    assert json.loads(renderer.files["helm_registry_config"]) == {"auths": {"example.com:5000": {"auth": token}}}
    assert not Path(renderer.asked["helm_registry_config"]).exists()


def test_certificates_that_are_assets(engine: Engine, renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("key")
    given = {"ca_file": pulumi.StringAsset("authority"), "key_file": pulumi.FileAsset(str(tmp_path / "key.pem"))}
    run(engine, lambda: chart(repository_opts=given))
    assert renderer.files == {"ca_file": b"authority", "key_file": b"key"}


def test_a_folder_that_has_the_charts_name(
    engine: Engine, renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nginx").mkdir()
    run(engine, release)
    assert renderer.asked["chart"] == "nginx"
    (tmp_path / "nginx" / "Chart.yaml").write_text("name: nginx\n")
    for declare, inputs, name in (
        (release, {}, "path"),
        (release, {"repository_opts": {"repo": "https://example.com"}}, "chart"),
        (chart, {"repository_opts": {"repo": "https://example.com"}}, "path"),
    ):
        renderer.calls.clear()
        other = Engine(recorder=renderer)
        run(other, lambda: declare(**inputs))  # noqa: B023 - it is called at once
        assert renderer.asked[name] == {"path": str(tmp_path / "nginx"), "chart": "nginx"}[name]


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A chart with two dependencies, of which it brings along none."""
    directory = tmp_path / "my-chart"
    (directory / "charts").mkdir(parents=True)
    needs = "dependencies:\n- {name: redis, version: 1.x, repository: 'https://example.com'}\n- {name: my-db}\n"
    (directory / "Chart.yaml").write_text(f"apiVersion: v2\nname: my-chart\nversion: 1.2.3\n{needs}")
    return directory


@pytest.mark.parametrize("declare", [release, chart])
@pytest.mark.parametrize("update", [None, False, True])
def test_a_subchart_that_is_missing_is_an_error_that_names_it(
    engine: Engine, local: Path, declare: Any, update: bool | None
) -> None:
    (local / "charts" / "_ignored").mkdir()
    (local / "charts" / "_ignored" / "Chart.yaml").write_text("name: redis\n")
    with pytest.raises(pulumi.RunError) as failure:
        run(engine, lambda: declare(chart=str(local), dependency_update=update))
    assert f"'web': its images cannot be known in advance: its chart '{local}' has no subchart redis, my-db" in str(
        failure.value
    )
    assert f"run `helm dependency update {local}` before" in str(failure.value)


def test_subcharts_that_are_there(engine: Engine, renderer: Renderer, local: Path) -> None:
    (local / "charts" / "redis-1.0.0.tgz").write_bytes(archive(**{"Chart.yaml": "name: redis\n"}))
    (local / "charts" / "database").mkdir()
    (local / "charts" / "database" / "Chart.yaml").write_text("name: my-db\n")
    assert run(engine, lambda: release(chart=str(local), dependency_update=True)) == library("a")
    assert renderer.asked["path"] == str(local)


def test_subcharts_of_a_chart_of_the_first_version(engine: Engine, local: Path) -> None:
    (local / "Chart.yaml").write_text("name: my-chart\nversion: 1.2.3\n")
    (local / "requirements.yaml").write_text("dependencies: [{name: redis}]\n")
    with pytest.raises(pulumi.RunError, match="has no subchart redis in"):
        run(engine, lambda: chart(chart=str(local)))


def test_subcharts_of_an_archive(engine: Engine, renderer: Renderer, tmp_path: Path) -> None:
    file = tmp_path / "my-chart-1.2.3.tgz"
    about = {"Chart.yaml": "name: my-chart\nversion: 1.2.3\ndependencies: [{name: redis}]\n"}
    file.write_bytes(archive(**about, **{"charts/redis/Chart.yaml": "name: redis\n"}))
    assert run(engine, lambda: release(chart=str(file))) == library("a")
    assert renderer.asked["path"] == str(file)
    file.write_bytes(archive("charts/redis/README.md", **about))
    with pytest.raises(pulumi.RunError, match="has no subchart redis in"):
        run(Engine(), lambda: release(chart=str(file)))
