"""Files that the lab adds to kind's nodes: the registry configuration of their runtimes."""

from __future__ import annotations

import json

from lab.images.oci import Entry, File, Link

REGISTRY_HOST = "registry"
REGISTRY_PORT = 5000
REGISTRY_ADDRESS = f"{REGISTRY_HOST}:{REGISTRY_PORT}"

CERTS_DIRECTORY = "/etc/containerd/certs.d"
CONTAINERD_REGISTRIES = f"""
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{CERTS_DIRECTORY}"
"""

# The public registries that the lab's registry mirrors. They are asked for images that it lacks.
MIRRORED = {"docker.io": "https://registry-1.docker.io", "registry.k8s.io": "https://registry.k8s.io"}


def hosts_toml(upstream: str, *mirrors: str) -> str:
    """The containerd configuration of a registry: try the mirrors in their order, then the registry itself."""
    lines = [f'server = "{upstream}"']
    for mirror in mirrors:
        lines += ["", f'[host."{mirror}"]', '  capabilities = ["pull", "resolve"]']
    return "\n".join(lines) + "\n"


def certs_path(registry: str) -> str:
    """The path of the containerd configuration of a registry."""
    return f"{CERTS_DIRECTORY}/{registry}/hosts.toml"


def node_files() -> dict[str, Entry]:
    """The files that every node of the lab has, whatever its base image."""
    own = f"http://{REGISTRY_ADDRESS}"
    engine = {
        "registry-mirrors": [own],
        # All registries on container networks, because tests start further ones; they have no certificates.
        "insecure-registries": [REGISTRY_ADDRESS, "172.16.0.0/12", "192.168.0.0/16"],
        # It only pulls. A bridge and its rules would disturb the cluster's network.
        "bridge": "none",
        "iptables": False,
    }
    files: dict[str, Entry] = {
        certs_path(name): File(hosts_toml(upstream, own).encode()) for name, upstream in MIRRORED.items()
    }
    files[certs_path(REGISTRY_ADDRESS)] = File(hosts_toml(own).encode())
    files["/etc/docker/daemon.json"] = File(json.dumps(engine, indent=2).encode())
    # The engine starts at the first connection, so that it costs nothing until it is used.
    files["/etc/systemd/system/sockets.target.wants/docker.socket"] = Link("/lib/systemd/system/docker.socket")
    # A negative score cannot be set on machines that lack CAP_SYS_RESOURCE, and the unit would not start
    # there.
    files["/etc/systemd/system/docker.service.d/10-lab.conf"] = File(b"[Service]\nOOMScoreAdjust=0\n")
    return files
