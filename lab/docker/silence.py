"""Why no Docker Engine answers at an address, in a sentence with the way out."""

from __future__ import annotations

PODMAN = (
    "At {host} answers Podman, and the lab needs Docker Engine: install it (https://docs.docker.com/engine/install/), "
    "or set DOCKER_HOST to its address."
)
STOPPED = "is the docker daemon running"
# The words of clients up to version 28, those of later ones, and of an address with a port.
_STOPPED = (STOPPED, "if the daemon is running", "connection refused")


def explained(host: str, printed: str) -> str:
    """The sentence for what the client printed when it could not reach the engine at `host`."""
    text = printed.lower()
    if "permission denied" in text:
        # https://docs.docker.com/engine/install/linux-postinstall/
        return (
            f"You have no rights on the socket of the Docker Engine ({host}): run `sudo usermod -aG docker $USER`, "
            "log in again (or run `newgrp docker`), then run this again."
        )
    if any(words in text for words in _STOPPED):
        return f"The Docker Engine at {host} does not run: {_start(host)}, then run this again."
    last = (printed.strip().splitlines() or ["it printed nothing"])[-1]
    return f"The Docker Engine at {host} does not answer: {last}"


def _start(host: str) -> str:
    if "/.docker/desktop/" in host:
        return "start Docker Desktop"
    if host.startswith("unix:///run/user/"):
        return "start it with `systemctl --user start docker`"
    if host.startswith("unix://"):
        return "start it with `sudo systemctl start docker`"
    return "start it there, or change DOCKER_HOST or the docker context"
