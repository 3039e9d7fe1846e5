"""The images that the component itself runs: public, pinned by tag, available for amd64 and arm64."""

from __future__ import annotations

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
DOCKER_IMAGE = "docker.io/library/docker:29-cli"
# It has crictl, ctr, kubectl and a shell.
K3S_IMAGE = "docker.io/rancher/k3s:v1.37.1-k3s1"
# For the gate: Python with the standard library.
PYTHON_IMAGE = "docker.io/library/python:3.13.9-alpine3.22"
# Its only program is linked statically, so it runs within any other image.
BUSYBOX_IMAGE = "docker.io/library/busybox:1.37-musl"
