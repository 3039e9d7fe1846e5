"""A client for the HTTP API of a registry."""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.parse
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from lab.errors import LabError
from lab.images.oci import MEDIA_TYPES, Blob, Image, Index
from lab.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

_MANIFESTS = ", ".join(types[kind] for types in MEDIA_TYPES.values() for kind in ("manifest", "index"))


@dataclass(frozen=True)
class Credentials:
    """A user of a registry."""

    username: str
    password: str

    @property
    def header(self) -> str:
        """The value of the header `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Answer:
    """The answer of a registry."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class RegistryClient:
    """Pushes images to a registry without TLS."""

    def __init__(self, address: str, credentials: Credentials | None = None) -> None:
        self.address = address
        self._credentials = credentials

    def push(self, repository: str, tag: str, image: Image | Index) -> str:
        """Push an image under a tag, and return its digest. Content that the registry has is not sent again."""
        if self.digest(repository, tag) == image.digest:
            return image.digest
        for single in image.images:
            for blob in (single.config, *single.layer_blobs):
                self._push_blob(repository, blob)
            self._push_manifest(repository, single.digest, single.manifest)
        self._push_manifest(repository, tag, image.manifest)
        return image.digest

    def digest(self, repository: str, reference: str) -> str | None:
        """The digest that a tag currently refers to; None if there is no such image."""
        answer = self._ask("HEAD", f"/v2/{repository}/manifests/{reference}", accept=_MANIFESTS)
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        self._expect(answer, http.HTTPStatus.OK, f"asking for {repository}:{reference}")
        return answer.headers["docker-content-digest"]

    def delete(self, repository: str, digest: str) -> None:
        """Remove an image from a repository."""
        answer = self._ask("DELETE", f"/v2/{repository}/manifests/{digest}")
        self._expect(answer, http.HTTPStatus.ACCEPTED, f"deleting {repository}@{digest}")

    def copy(self, repository: str, tag: str, to: RegistryClient, target: str, target_tag: str) -> None:
        """Copy an image of one platform to another registry, unchanged."""
        media_type, manifest = self._get(f"/v2/{repository}/manifests/{tag}")
        described = json.loads(manifest)
        if "manifests" in described:
            # Of an image for several platforms, copy only the image for the nodes.
            platform = {"os": Platform.nodes().os, "architecture": Platform.nodes().arch}
            single = next(each for each in described["manifests"] if platform.items() <= each["platform"].items())
            media_type, manifest = self._get(f"/v2/{repository}/manifests/{single['digest']}")
            described = json.loads(manifest)
        for part in (described["config"], *described["layers"]):
            to._push_blob(target, Blob(part["mediaType"], self._get(f"/v2/{repository}/blobs/{part['digest']}")[1]))
        to._push_manifest(target, target_tag, Blob(media_type, manifest))

    def answers(self) -> bool:
        """Whether the registry answers and accepts the credentials."""
        try:
            return self._ask("GET", "/v2/").status == http.HTTPStatus.OK
        except OSError:
            return False

    def wait(self, seconds: float = 30) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline:
                raise LabError(f"The registry at {self.address} does not answer.")
            time.sleep(0.1)

    def _get(self, path: str) -> tuple[str, bytes]:
        answer = self._ask("GET", path, accept=_MANIFESTS)
        self._expect(answer, http.HTTPStatus.OK, f"getting {path}")
        return answer.headers.get("content-type", ""), answer.content

    def _push_blob(self, repository: str, blob: Blob) -> None:
        if self._ask("HEAD", f"/v2/{repository}/blobs/{blob.digest}").status == http.HTTPStatus.OK:
            return
        started = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        self._expect(started, http.HTTPStatus.ACCEPTED, f"starting an upload to {repository}")
        location = urllib.parse.urlsplit(started.headers["location"])
        query = f"{location.query}&" if location.query else ""
        path = f"{location.path}?{query}digest={urllib.parse.quote(blob.digest)}"
        with blob.open() as content:
            answer = self._ask("PUT", path, content, size=blob.size, content_type="application/octet-stream")
        self._expect(answer, http.HTTPStatus.CREATED, f"uploading to {repository}")

    def _push_manifest(self, repository: str, reference: str, manifest: Blob) -> None:
        path = f"/v2/{repository}/manifests/{reference}"
        with manifest.open() as content:
            answer = self._ask("PUT", path, content, size=manifest.size, content_type=manifest.media_type)
        self._expect(answer, http.HTTPStatus.CREATED, f"naming {repository}:{reference}")

    def _ask(
        self,
        method: str,
        path: str,
        body: IO[bytes] | None = None,
        *,
        size: int = 0,
        content_type: str = "",
        accept: str = "",
    ) -> Answer:
        headers = {"Content-Length": str(size)}
        if content_type:
            headers["Content-Type"] = content_type
        if accept:
            headers["Accept"] = accept
        if self._credentials:
            headers["Authorization"] = self._credentials.header
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lowered, response.read())
        finally:
            connection.close()

    def _expect(self, answer: Answer, status: int, doing: str) -> None:
        if answer.status != status:
            raise LabError(f"The registry at {self.address} answered {answer.status} while {doing}.")
