"""The images that the component itself runs: public, named by exact tags, available for amd64 and arm64.

Where each comes from, and how it moves: docs/releases.md. A release has digests too: `make image-digests` writes them.
The tags of Docker's official images are those of
https://github.com/docker-library/official-images/tree/37079fb336f572a88700cf32e5e1f6be54a04e8f/library
"""

from __future__ import annotations

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
# Its client speaks with engines since 19.03 (API 1.40).
# https://github.com/moby/moby/blob/client/v0.6.2/client/client.go
DOCKER_IMAGE = "docker.io/library/docker:29.7.2-cli"
# It has crictl, ctr, kubectl and a shell.
# https://docs.k3s.io/release-notes/v1.37.X
K3S_IMAGE = "docker.io/rancher/k3s:v1.37.1-k3s1"
# For the gate: Python with the standard library.
PYTHON_IMAGE = "docker.io/library/python:3.13.15-alpine3.24"
# Its only program is linked statically, so it runs within any other image.
BUSYBOX_IMAGE = "docker.io/library/busybox:1.37.0-musl"
