"""What a node of the lab has beyond kind's own: where its runtimes look for images."""

from __future__ import annotations

import json

from lab.oci import Entry, File, Link

REGISTRY_HOST = "registry"
REGISTRY_PORT = 5000
REGISTRY_ADDRESS = f"{REGISTRY_HOST}:{REGISTRY_PORT}"

CERTS_DIRECTORY = "/etc/containerd/certs.d"
CONTAINERD_REGISTRIES = f"""
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{CERTS_DIRECTORY}"
"""

# The public registries that the lab's own stands before; what it does not have is asked of them.
MIRRORED = {"docker.io": "https://registry-1.docker.io", "registry.k8s.io": "https://registry.k8s.io"}


def hosts_toml(upstream: str, *mirrors: str) -> str:
    """How containerd reaches a registry: through each mirror in turn, and then where it really is."""
    lines = [f'server = "{upstream}"']
    for mirror in mirrors:
        lines += ["", f'[host."{mirror}"]', '  capabilities = ["pull", "resolve"]']
    return "\n".join(lines) + "\n"


def certs_path(registry: str) -> str:
    """Where containerd looks up how it reaches a registry."""
    return f"{CERTS_DIRECTORY}/{registry}/hosts.toml"


def node_files() -> dict[str, Entry]:
    """The files that every node of the lab has, on whatever image it is based."""
    own = f"http://{REGISTRY_ADDRESS}"
    engine = {
        "registry-mirrors": [own],
        # Any registry on a container network, as tests start more of them; none of those has a certificate.
        "insecure-registries": [REGISTRY_ADDRESS, "172.16.0.0/12", "192.168.0.0/16"],
        # It only pulls: a bridge and its rules would be in the way of the cluster's network.
        "bridge": "none",
        "iptables": False,
    }
    files: dict[str, Entry] = {
        certs_path(name): File(hosts_toml(upstream, own).encode()) for name, upstream in MIRRORED.items()
    }
    files[certs_path(REGISTRY_ADDRESS)] = File(hosts_toml(own).encode())
    files["/etc/docker/daemon.json"] = File(json.dumps(engine, indent=2).encode())
    # The engine starts when somebody first talks to it, so that labs that never do pay nothing.
    files["/etc/systemd/system/sockets.target.wants/docker.socket"] = Link("/lib/systemd/system/docker.socket")
    # A negative score cannot be set on machines that lack CAP_SYS_RESOURCE, and the unit would not start
    # there.
    files["/etc/systemd/system/docker.service.d/10-lab.conf"] = File(b"[Service]\nOOMScoreAdjust=0\n")
    return files
