"""Compares Kubernetes clients for Python: start-up, memory for many pods, and how their watches recover.

    python bench/kubernetes_clients.py PYTHON_WITH_KR8S PYTHON_WITH_LIGHTKUBE PYTHON_WITH_KUBERNETES

Each argument is an interpreter that has that client. CPU time is reported beside the wall clock, as the machine may be
busy. The API server is a few lines on the loopback interface: 5,000 pods of 20 images, in pages of 500.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml

from tests.unit.cli.objects import DIGEST, reported

NODES, IMAGES, ROUNDS = 5000, 20, 7
IMPORTS = {
    "kr8s": "import kr8s.asyncio, kr8s.asyncio.objects",
    "lightkube": "from lightkube import AsyncClient; from lightkube.generic_resource import create_namespaced_resource",
    "kubernetes": "from kubernetes import client, config, watch",
}
# Each lists all pods page by page as plain data, its cheapest form, keeps a name of each, and prints how many.
LISTS = {
    "kr8s": """
import asyncio, kr8s.asyncio
async def main():
    api = await kr8s.asyncio.api()
    names = []
    async for pod in api.get("pods", namespace="here", raw=True): names.append(pod["metadata"]["name"])
    print(len(names))
asyncio.run(main())""",
    "lightkube": """
import asyncio
from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource
async def main():
    client = AsyncClient()
    pods = create_namespaced_resource("", "v1", "Pod", "pods")
    names = [pod["metadata"]["name"] async for pod in client.list(pods, namespace="here", chunk_size=500)]
    print(len(names))
asyncio.run(main())""",
    "kubernetes": """
import json
from kubernetes import client, config
config.load_kube_config()
api, names, more = client.CoreV1Api(), [], None
while True:
    page = json.loads(api.list_namespaced_pod("here", limit=500, _continue=more, _preload_content=False).data)
    names += [pod["metadata"]["name"] for pod in page["items"]]
    more = page["metadata"].get("continue")
    if not more: break
print(len(names))""",
}
# Each watches with what the client offers by itself, and prints the names that come, or how it ends.
WATCHES = {
    "kr8s": """
import asyncio, kr8s.asyncio
async def main():
    api = await kr8s.asyncio.api()
    async for kind, pod in api.watch("pods", namespace="here"): print(kind, pod.raw["metadata"]["name"], flush=True)
asyncio.run(main())""",
    "lightkube": """
import asyncio
from lightkube import AsyncClient
from lightkube.types import on_error_retry
from lightkube.generic_resource import create_namespaced_resource
async def main():
    client = AsyncClient()
    pods = create_namespaced_resource("", "v1", "Pod", "pods")
    async for kind, pod in client.watch(pods, namespace="here", resource_version="1", on_error=on_error_retry):
        print(kind, pod["metadata"]["name"], flush=True)
asyncio.run(main())""",
    "kubernetes": """
from kubernetes import client, config, watch
config.load_kube_config()
for event in watch.Watch().stream(client.CoreV1Api().list_namespaced_pod, "here", resource_version="1"):
    print(event["type"], event["object"].metadata.name, flush=True)""",
}
BREAKS = ("closed", "cut", "expired", "expired at connect")


def pods() -> list[dict[str, Any]]:
    """Pods as large as real ones: with what the API server notes about who set which field."""
    args = {"images": [f"registry.example.com/team/application-{index}:1.{index}" for index in range(IMAGES)]}
    lines = [f"{index} present {DIGEST} 52428800 2.110 1" for index in range(IMAGES)]
    pod = reported("NODE", *lines, args=args)
    pod["status"]["initContainerStatuses"][0] |= {"restartCount": 0, "ready": True, "image": "i", "imageID": "i"}
    pod["metadata"]["managedFields"] = [{"manager": "kubelet", "fieldsV1": {f"f:{index}": {} for index in range(150)}}]
    pod["metadata"] |= {"uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    text = json.dumps(pod)
    return [json.loads(text.replace("NODE", f"node-{index}")) for index in range(NODES)]


class Server:
    """Lists `items`; breaks its first watch in the way of `how`, and tells of one pod in the next."""

    def __init__(self, items: list[dict[str, Any]], how: str = "") -> None:
        self.pages = [json.dumps(items[start : start + 500]) for start in range(0, max(1, len(items)), 500)]
        self.how, self.watches, self.lists = how, 0, 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                path = url.path.rstrip("/")
                if path == "/version":
                    self.answer('{"gitVersion": "v1.34.2", "major": "1", "minor": "34"}')
                elif path == "/api":
                    self.answer('{"versions": ["v1"]}')
                elif path == "/apis":
                    self.answer('{"kind": "APIGroupList", "groups": []}')
                elif path == "/api/v1":
                    verbs = '"verbs": ["get", "list", "watch"]'
                    pod = f'{{"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", {verbs}}}'
                    self.answer(f'{{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{pod}]}}')
                elif query.get("watch", "").lower() in ("true", "1"):
                    self.watch()
                else:
                    server.lists += 1
                    at = int(query.get("continue", 0)) if "limit" in query else 0
                    more = f', "continue": "{at + 1}"' if at + 1 < len(server.pages) else ""
                    metadata = f'{{"resourceVersion": "5"{more}}}'
                    head = f'"kind": "PodList", "apiVersion": "v1", "metadata": {metadata}'
                    self.answer(f'{{{head}, "items": {server.pages[at]}}}')

            def answer(self, text: str, code: int = 200) -> None:
                body = text.encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def watch(self) -> None:
                server.watches += 1
                gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old", "metadata": {}}
                first = server.watches == 1
                if first and server.how == "expired at connect":
                    self.answer(json.dumps({**gone, "status": "Failure"}), 410)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                if first:
                    self.event("ADDED", "before")
                    if server.how == "expired":
                        self.line({"type": "ERROR", "object": {**gone, "status": "Failure"}})
                    if server.how in ("closed", "expired"):
                        self.wfile.write(b"0\r\n\r\n")
                    self.close_connection = True
                    return
                self.event("ADDED", "after")
                time.sleep(30)

            def event(self, kind: str, name: str) -> None:
                metadata = {"name": name, "namespace": "here", "resourceVersion": str(6 + server.watches)}
                self.line({"type": kind, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, **EMPTY}})

            def line(self, data: Any) -> None:
                text = json.dumps(data).encode() + b"\n"
                self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def kubeconfig(self, directory: str) -> str:
        """Write a kubeconfig that leads here."""
        path = Path(directory) / "kubeconfig"
        cluster = {"server": f"http://127.0.0.1:{self.http.server_address[1]}"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "here"}}],
        }
        path.write_text(yaml.safe_dump(content))
        return str(path)


EMPTY = {"spec": {"containers": [{"name": "c", "image": "i"}]}, "status": {}}
# Not ru_maxrss: that begins with the peak of the process that forked this one.
PEAK = """
import resource, sys
usage = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(peak, usage.ru_utime + usage.ru_stime, file=sys.stderr)"""


def measured(python: str, program: str, environ: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Seconds, seconds of CPU, and the peak of memory in MB."""
    started = time.perf_counter()
    ran = subprocess.run(
        [python, "-W", "ignore", "-c", program + PEAK],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=environ,
    )
    seconds = time.perf_counter() - started
    if ran.returncode:
        raise SystemExit(f"{python}: {ran.stderr}")
    peak, cpu = ran.stderr.split()[-2:]
    return seconds, float(cpu), float(peak) / 1024


def watched(python: str, program: str, how: str) -> str:
    """What a client makes of a watch that ends in this way."""
    server = Server([], how)
    with tempfile.TemporaryDirectory() as directory:
        environ = {**os.environ, "KUBECONFIG": server.kubeconfig(directory)}
        process = subprocess.Popen(
            [python, "-W", "ignore", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=environ,
        )
        # Only from its first watch on does the time count: some take long to start.
        deadline = time.monotonic() + 60
        while not server.watches and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        try:
            out, err = process.communicate(timeout=12)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            ended = "goes on"
        else:
            last = (err.strip().splitlines() or ["silently"])[-1]
            ended = f"ends: {last[:90]}"
    seen = "sees what came after" if "after" in out else "misses what came after"
    server.http.shutdown()
    return f"{ended}, {seen}; lists {server.lists}, watches {server.watches}"


def main() -> None:
    """Print the figures."""
    pythons = dict(zip(IMPORTS, sys.argv[1:], strict=True))
    for _ in range(2):
        for python in pythons.values():
            measured(python, "pass")
    for name, python in {"python": next(iter(pythons.values())), **pythons}.items():
        rounds = [measured(python, IMPORTS.get(name, "pass")) for _ in range(ROUNDS)]
        wall, cpu, peak = (min(column) for column in zip(*rounds, strict=True))
        print(f"import  {name:11} {wall * 1000:6.0f} ms wall  {cpu * 1000:6.0f} ms CPU  {peak:5.0f} MB")
    items = pods()
    print(f"a pod has {len(json.dumps(items[0]))} bytes")
    server = Server(items)
    with tempfile.TemporaryDirectory() as directory:
        environ = {**os.environ, "KUBECONFIG": server.kubeconfig(directory)}
        for name, python in pythons.items():
            server.lists = 0
            rounds = [measured(python, LISTS[name], environ) for _ in range(3)]
            wall, cpu, peak = (min(column) for column in zip(*rounds, strict=True))
            print(f"list    {name:11} {wall:6.1f} s wall {cpu:6.1f} s CPU {peak:5.0f} MB  {server.lists // 3} requests")
    for how in BREAKS:
        for name, python in pythons.items():
            print(f"watch   {name:11} {how:19} {watched(python, WATCHES[name], how)}")


if __name__ == "__main__":
    main()
