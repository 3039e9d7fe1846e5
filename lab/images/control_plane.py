"""The images of the control plane: each with one program, under the name that kubeadm expects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lab.images.oci import Entry, File, Image, Link, layer, program
from lab.process import run

if TYPE_CHECKING:
    from pathlib import Path

    from lab.versions import System

_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_PROXY_PROGRAMS = ("/usr/sbin/xtables-nft-multi", "/usr/sbin/conntrack", "/usr/sbin/nft", "/usr/bin/kmod")
_IPTABLES_NAMES = tuple(
    f"{family}{suffix}" for family in ("iptables", "ip6tables") for suffix in ("", "-save", "-restore")
)


def images(system: System, kubernetes: Path, etcd: Path, pause: Path, root: Path) -> list[tuple[str, Image]]:
    """The images and their names. kube-proxy gets iptables from the Debian root file system."""
    made = [
        (f"registry.k8s.io/{name}:{system.kubernetes}", _alone(kubernetes / name, f"/usr/local/bin/{name}"))
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ]
    made.append((f"registry.k8s.io/kube-proxy:{system.kubernetes}", _proxy(kubernetes / "kube-proxy", root)))
    made.append((f"registry.k8s.io/etcd:{system.etcd}", _alone(etcd, "/usr/local/bin/etcd")))
    made.append((system.sandbox_image, _alone(pause, "/pause", label="sandbox")))
    return made


def pause_image(pause: Path, label: str) -> Image:
    """An image with only `pause`. Its label gives it a unique digest, so that its removal removes no other image."""
    return _alone(pause, "/pause", label=label)


def _alone(source: Path, path: str, label: str = "") -> Image:
    labels = {"lab": label} if label else {}
    return Image((layer({path: program(source)}),), entrypoint=(path,), environ=_PATH, labels=labels)


def _proxy(kube_proxy: Path, root: Path) -> Image:
    """kube-proxy with iptables and the libraries that iptables needs."""
    entries: dict[str, Entry] = {"/usr/local/bin/kube-proxy": program(kube_proxy)}
    for path in _PROXY_PROGRAMS:
        for needed in (path, *_libraries(root, path)):
            entries[needed] = _resolved(root, needed)
    for extension in sorted(root.glob("usr/lib/*/xtables/*.so")):
        entries[f"/{extension.relative_to(root)}"] = program(extension)
    entries |= {f"/usr/sbin/{name}": Link("xtables-nft-multi") for name in _IPTABLES_NAMES}
    entries["/usr/sbin/modprobe"] = Link("/usr/bin/kmod")
    return Image((layer(entries),), entrypoint=("/usr/local/bin/kube-proxy",), environ=_PATH)


def _libraries(root: Path, path: str) -> list[str]:
    """The libraries of a program, at the paths in which its loader searches."""
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", run("chroot", root, "ldd", path), flags=re.MULTILINE)


def _resolved(root: Path, path: str) -> File:
    """The file at a path within the root file system. Links are followed."""
    real = run("chroot", root, "readlink", "--canonicalize", path).strip()
    return program(root / real.lstrip("/"))
