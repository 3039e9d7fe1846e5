"""A container like another one: the arguments of `docker run`, read from what the engine says about the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def environment(model: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a container, from its `docker inspect`."""
    return dict(entry.split("=", 1) for entry in model["Config"]["Env"] or () if "=" in entry)


def run_arguments(model: Mapping[str, Any], name: str, network: str) -> list[str]:
    """The arguments for a container that has what the model has, except its published ports.

    The variables have no values here: see `environment`.

    Args:
        model: the `docker inspect` of the other container.
        name: the name of the new container and of its host.
        network: its network.
    """
    image: str = model["Config"]["Image"]
    identity = ["--detach", "--name", name, "--hostname", name, "--network", network]
    return [*identity, *_of_config(model["Config"]), *_of_host(model["HostConfig"]), image]


def _of_config(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("Tty"):
        yield "--tty"
    for name, value in (config.get("Labels") or {}).items():
        yield from ("--label", f"{name}={value}")
    for entry in config.get("Env") or ():
        yield from ("--env", entry.partition("=")[0])
    for path in config.get("Volumes") or {}:
        yield from ("--volume", path)


def _of_host(host: Mapping[str, Any]) -> Iterator[str]:
    if host.get("Privileged"):
        yield "--privileged"
    for option in host.get("SecurityOpt") or ():
        yield from ("--security-opt", option)
    for path, options in (host.get("Tmpfs") or {}).items():
        yield from ("--tmpfs", f"{path}:{options}" if options else path)
    for bind in host.get("Binds") or ():
        yield from ("--volume", bind)
    for device in host.get("Devices") or ():
        permissions = device.get("CgroupPermissions") or "rwm"
        yield from ("--device", f"{device['PathOnHost']}:{device['PathInContainer']}:{permissions}")
    for name, value in (host.get("Sysctls") or {}).items():
        yield from ("--sysctl", f"{name}={value}")
    for option, value in (("--userns", host.get("UsernsMode")), ("--cgroupns", host.get("CgroupnsMode"))):
        if value:
            yield from (option, value)
    if host.get("Init") is not None:
        yield f"--init={'true' if host['Init'] else 'false'}"
    restart = host.get("RestartPolicy") or {}
    if restart.get("Name"):
        attempts = f":{restart['MaximumRetryCount']}" if restart.get("MaximumRetryCount") else ""
        yield from ("--restart", f"{restart['Name']}{attempts}")
