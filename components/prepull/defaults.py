"""The images that the component itself runs: public, pinned by tag, available for amd64 and arm64."""

from __future__ import annotations

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
# Its client speaks with engines since 19.03 (API 1.40).
# https://github.com/moby/moby/blob/client/v0.6.2/client/client.go
DOCKER_IMAGE = "docker.io/library/docker:29-cli"
# It has crictl, ctr, kubectl and a shell.
# https://docs.k3s.io/release-notes/v1.37.X
K3S_IMAGE = "docker.io/rancher/k3s:v1.37.1-k3s1"
# For the gate: Python with the standard library.
PYTHON_IMAGE = "docker.io/library/python:3.13.9-alpine3.22"
# Its only program is linked statically, so it runs within any other image.
BUSYBOX_IMAGE = "docker.io/library/busybox:1.37-musl"
