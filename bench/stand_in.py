"""What stands in for a large cluster where a real API server and kwok are too much for the machine.

It lists a DaemonSet and its pods from memory, in pages, and tells those who watch of a pod that is deleted. Objects are
what the API server would return; who asks for them is real: kubectl and `prepull`.
"""

from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from lab import Lab
from lab.process import run
from lab.provision import kubectl
from lab.provision.workshop import Workshop

_MADE = "2026-01-01T00:00:00Z"
_POD = {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod"}
_EVENT = {"name": "events", "singularName": "event", "namespaced": True, "kind": "Event"}
_DAEMON_SET = {"name": "daemonsets", "singularName": "daemonset", "namespaced": True, "kind": "DaemonSet"}
_VERBS = {"verbs": ["get", "list", "watch", "delete"]}
_APPS = {"groupVersion": "apps/v1", "version": "v1"}


class _Api:
    """What the API server knows."""

    def __init__(self) -> None:
        self.daemon_set: dict[str, Any] = {}
        self.pods: list[dict[str, Any]] = []
        self.written: list[str] = []
        self.watches: list[queue.Queue[str]] = []
        self.events: list[str] = []

    def answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | str | None:
        """An answer, as data or as JSON."""
        resources = {"/api/v1": ("v1", [_POD, _EVENT]), "/apis/apps/v1": ("apps/v1", [_DAEMON_SET])}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            group = {"name": "apps", "versions": [_APPS], "preferredVersion": _APPS}
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}
        if path in resources:
            version, kinds = resources[path]
            return {
                "kind": "APIResourceList",
                "groupVersion": version,
                "resources": [{**kind, **_VERBS} for kind in kinds],
            }
        if path.endswith("/daemonsets"):
            listed = {"kind": "DaemonSetList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "5"}}
            return {**listed, "items": [self.daemon_set]}
        if "/daemonsets/" in path:
            return self.daemon_set
        if path.endswith("/events"):
            return {"kind": "EventList", "apiVersion": "v1", "metadata": {"resourceVersion": "5"}, "items": []}
        if path.endswith("/pods"):
            return self._pods(query)
        return None

    def _pods(self, query: dict[str, str]) -> str:
        limit, begin = int(query.get("limit", 0)) or len(self.written), int(query.get("continue", 0))
        chosen = self.written[begin : begin + limit]
        name = query.get("fieldSelector", "").partition("metadata.name=")[2]
        if name:
            chosen = [
                text for text, pod in zip(self.written, self.pods, strict=True) if pod["metadata"]["name"] == name
            ]
        more = begin + limit < len(self.written) and not name
        metadata = {"resourceVersion": "5", **({"continue": str(begin + limit)} if more else {})}
        head = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": metadata}, separators=(",", ":"))
        return f'{head[:-1]},"items":[{",".join(chosen)}]}}'

    def delete(self, name: str) -> None:
        """Tell those who watch that a pod is gone."""
        [pod] = [pod for pod in self.pods if pod["metadata"]["name"] == name]
        gone = {**pod, "metadata": {**pod["metadata"], "resourceVersion": "6"}}
        event = json.dumps({"type": "DELETED", "object": gone})
        self.events.append(event)
        for watch in self.watches:
            watch.put(event)


class StandIn:
    """The same as `Simulation`, as far as it is measured."""

    def __init__(self, kubectl_program: Path, directory: Path, reports: Sequence[str]) -> None:
        self._reports = "".join(f"{line}\n" for line in reports)
        self._kubectl = kubectl_program
        self._api = _Api()
        self._nodes = 0
        self.kubeconfig = directory / "kubeconfig"
        (directory / "bin").mkdir()
        (directory / "bin" / "kubectl").symlink_to(kubectl_program)
        self.environ = {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}", "HOME": str(directory)}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._api))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        cluster = {"server": f"http://127.0.0.1:{self._server.server_address[1]}"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": "bench", "user": {"token": "none"}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench", "namespace": "default"}}],
        }
        self.kubeconfig.write_text(yaml.safe_dump(content))

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()

    def scale(self, nodes: int) -> None:
        """Have so many nodes."""
        self._nodes = nodes

    def apply(self, manifests: Sequence[dict[str, Any]]) -> None:
        """Have the DaemonSet, and a pod of it on each node."""
        [item] = [json.loads(json.dumps(each)) for each in manifests if each["kind"] == "DaemonSet"]
        item["metadata"] |= {"generation": 1, "resourceVersion": "4", "uid": "u", "creationTimestamp": _MADE}
        counted = ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
        item["status"] = {"observedGeneration": 1, **dict.fromkeys(counted, self._nodes)}
        self._api.daemon_set = item
        self._api.events.clear()
        self._api.pods = [self._pod(item, f"node-{number:06d}") for number in range(self._nodes)]
        self._api.written = [json.dumps(pod, separators=(",", ":")) for pod in self._api.pods]

    def _pod(self, owner: dict[str, Any], node: str) -> dict[str, Any]:
        template, name = owner["spec"]["template"], owner["metadata"]["name"]
        ended = {
            "exitCode": 0,
            "reason": "Completed",
            "startedAt": _MADE,
            "finishedAt": _MADE,
            "message": self._reports,
        }
        fields: dict[str, Any] = {f"f:field-{number}": {"f:inner": {}} for number in range(60)}
        metadata = {
            **template["metadata"],
            "name": f"{name}-{node}",
            "namespace": "default",
            "uid": node,
            "resourceVersion": "4",
            "creationTimestamp": _MADE,
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": name, "uid": "u", "controller": True}
            ],
            "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": fields}],
        }
        status = {
            "phase": "Running",
            "startTime": _MADE,
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": _MADE}],
            "initContainerStatuses": [{"name": "pull", "ready": True, "image": "i", "state": {"terminated": ended}}],
            "containerStatuses": [{"name": "pause", "ready": True, "state": {"running": {"startedAt": _MADE}}}],
        }
        return {"metadata": metadata, "spec": {**template["spec"], "nodeName": node}, "status": status}

    def wait_until_ready(self, daemon_set: str, nodes: int) -> None:
        """They are."""

    def a_pod(self) -> str:
        """The name of one of the pods."""
        return str(self._api.pods[0]["metadata"]["name"])

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl on it."""
        return run(self._kubectl, *arguments, env={**self.environ, "KUBECONFIG": str(self.kubeconfig)}, timeout=600)

    @contextmanager
    def plain_address(self) -> Iterator[str]:
        """Where it answers without TLS and credentials."""
        yield f"http://127.0.0.1:{self._server.server_address[1]}"

    def delete_pod(self, name: str) -> None:
        """Delete a pod."""
        self._api.delete(name)


@contextmanager
def stand_in(reports: Sequence[str]) -> Iterator[StandIn]:
    """Answers within the block.

    Args:
        reports: the lines of the report that every puller leaves.
    """
    lab = Lab.of_checkout()
    program = kubectl.provide(Workshop.of(lab.checkout, lab.console))
    with tempfile.TemporaryDirectory() as directory:
        made = StandIn(program, Path(directory), reports)
        try:
            yield made
        finally:
            made.close()


def _handler(api: _Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            if query.get("watch", "").lower() in ("true", "1"):
                self._watch(url.path)
                return
            found = api.answer(url.path.rstrip("/"), query)
            text = found if isinstance(found, str) else json.dumps(found or {"kind": "Status", "code": 404})
            body = text.encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

        def _watch(self, path: str) -> None:
            events: queue.Queue[str] = queue.Queue()
            if path.endswith("/pods"):
                api.watches.append(events)
                # Whoever has listed before is told of what has happened since.
                for event in api.events:
                    events.put(event)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with suppress(ConnectionError):
                while True:
                    line = events.get().encode() + b"\n"
                    self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")

    return Handler
