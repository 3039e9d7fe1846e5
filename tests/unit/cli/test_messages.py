"""The messages of the command and docs/troubleshooting.md: each that the page explains is said, in these words."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from ..cluster.fake_api import FakeApi
from ..cluster.objects import daemon_set
from .conftest import Prepull, Ran, without_the_extra

PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"
CONTEXT = {"name": "x", "context": {"cluster": "c", "user": "u"}}
CLUSTER = {"name": "c", "cluster": {"server": "https://one"}}
SELECTED = {"current-context": "x", "contexts": [CONTEXT]}
PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "false"}
# What stands on the page for a name of the user's.
PLACEHOLDERS = re.compile(r"\b(?:CODE|FILE|KEY|NAME|NAMESPACE|SERVER|WORKLOAD|X)\b|…")


@dataclass
class World:
    """Where a mistake is made: a cluster, and a directory for files."""

    api: FakeApi
    prepull: Prepull
    directory: Path
    meanwhile: Callable[..., None]

    def kubeconfig(self, content: Any) -> Ran:
        """Ask for the status with this kubeconfig: its text, or data."""
        file = self.directory / "kubeconfig"
        file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return self.prepull("status", "--kubeconfig", file)

    def reaching(self, cluster: dict[str, str], **user: Any) -> Ran:
        """Ask for the status with a kubeconfig of this cluster and this user."""
        clusters, users = [{"name": "c", "cluster": cluster}], [{"name": "u", "user": user}]
        return self.kubeconfig({**SELECTED, "clusters": clusters, "users": users})

    def refusing(self, code: int, *command: str) -> Ran:
        """Ask a cluster that refuses with this code."""
        self.api.refuse["daemonsets"] = (code, "so it says")
        return self.prepull(*command or ("status",))

    def render(self, content: bytes, *options: str) -> Ran:
        """Render these arguments."""
        file = self.directory / "args"
        file.write_bytes(content)
        return self.prepull("render", file, *options)

    def render_stack(self, content: str) -> Ran:
        """Render this configuration of a stack."""
        file = self.directory / "Pulumi.dev.yaml"
        file.write_text(content)
        return self.prepull("render", "--config", file)


def deaf(world: World) -> Ran:
    """Nobody listens where the kubeconfig leads to."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = FakeApi(port=unused.getsockname()[1])
        return world.prepull("status", "--kubeconfig", nobody.kubeconfig(world.directory / "kubeconfig"))


def without_token(world: World) -> Ran:
    """The credential plugin fails."""
    return world.prepull("status", "--kubeconfig", world.api.kubeconfig(world.directory / "kubeconfig", exec=PLUGIN))


def unknown_authority(world: World) -> Ran:
    """The kubeconfig knows nothing of the authority that has signed the server's certificate."""
    server = world.directory / "server.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(server))
    world.api.encrypt(server)
    return world.reaching({"server": f"https://127.0.0.1:{world.api.port}"})


def deleted(world: World) -> Ran:
    """The component goes while the command waits for it."""
    world.api.items["daemonsets"] = [daemon_set()]
    gone = daemon_set()
    world.meanwhile(
        lambda: world.api.times("/daemonsets?", "watch") > 0, lambda: world.api.send("daemonsets", "DELETED", gone)
    )
    return world.prepull("wait", "--timeout", "30s")


def no_image(world: World, image: str = "UPPER/case", **placement: Any) -> Ran:
    """A pod runs what no node can pull."""
    broken = {"name": "broken", "namespace": "here", "resourceVersion": "1"}
    spec = {"containers": [{"name": "a", "image": image}, {"name": "b", "image": "fine:1"}], **placement}
    world.api.items["pods"] = [{"metadata": broken, "spec": spec, "status": {"phase": "Running"}}]
    return world.prepull("discover")


def without_classes(world: World) -> Ran:
    """The user may read workloads, and no RuntimeClasses."""
    world.api.refuse["runtimeclasses"] = (403, "runtimeclasses.node.k8s.io is forbidden")
    return world.prepull("discover", "--placements")


MISTAKES: dict[str, Callable[[World], Ran]] = {
    "click is not installed: pip install 'pulumi-prepull[cli]'": lambda _: without_the_extra(),
    "there is no kubeconfig: set KUBECONFIG, or give --kubeconfig FILE": lambda world: world.kubeconfig({}),
    "there is no kubeconfig FILE": lambda world: world.prepull("status", "--kubeconfig", world.directory / "none"),
    "cannot read the kubeconfig FILE": lambda world: world.prepull("status", "--kubeconfig", world.directory),
    "FILE is not a kubeconfig": lambda world: world.kubeconfig({"contexts": ["x"]}),
    "the kubeconfig FILE is not YAML": lambda world: world.kubeconfig("{"),
    "the kubeconfig has no current context": lambda world: world.kubeconfig({"contexts": [CONTEXT]}),
    "there is no context 'NAME' in the kubeconfig": lambda world: world.kubeconfig(
        {**SELECTED, "current-context": "y"}
    ),
    "the context 'NAME' names the cluster 'X', and there is no such one": lambda world: world.kubeconfig(SELECTED),
    "the context 'NAME' names the user 'X', and there is no such one": lambda world: world.kubeconfig(
        {**SELECTED, "clusters": [CLUSTER]}
    ),
    "the kubeconfig's context 'NAME' is not valid": lambda world: world.kubeconfig(
        {**SELECTED, "clusters": [CLUSTER], "users": [{"name": "u", "user": {"token": 7}}]}
    ),
    "the kubeconfig's context 'NAME' names a cluster without a server": lambda world: world.kubeconfig(
        {**SELECTED, "clusters": [{"name": "c", "cluster": {}}], "users": [{"name": "u", "user": {"token": "t"}}]}
    ),
    "the kubeconfig's context 'NAME' is not valid: its proxy-url 'X' is not the address of a proxy": lambda world: (
        world.reaching({"server": "https://one", "proxy-url": "proxy:3128"})
    ),
    "cannot reach SERVER: …": deaf,
    "cannot reach SERVER: …, through the proxy X": lambda world: world.reaching(
        {"server": "https://one", "proxy-url": "socks5://127.0.0.1:1"}
    ),
    "cannot reach SERVER: its certificate is refused: …": unknown_authority,
    "SERVER does not accept the credentials": lambda world: world.refusing(401),
    "no credentials for SERVER: …": without_token,
    "no credentials for SERVER: the plugin X is not installed, or is no program": lambda world: world.reaching(
        {"server": "https://one"}, exec={**PLUGIN, "command": "no-such-plugin"}
    ),
    "no credentials for SERVER: the plugin X failed with exit code CODE": without_token,
    "permission denied: …": lambda world: world.refusing(403),
    "SERVER answers with an error (CODE)": lambda world: world.refusing(500),
    "SERVER does not answer as an API server does": lambda world: world.refusing(200),
    "there is no PrePullDaemonSet in the namespace 'NAMESPACE'": lambda world: world.prepull("status"),
    "left out: WORKLOAD: … is not an image reference": no_image,
    "left out: WORKLOAD: … is no image: …; to pull that image, write it in images": lambda world: no_image(world, " "),
    "left out: WORKLOAD: … no Linux node runs it": lambda world: no_image(world, os={"name": "windows"}),
    "the component has been deleted meanwhile": deleted,
    "the nodes of RuntimeClasses are not known: …": without_classes,
    "nothing that runs an image is in …": lambda world: world.prepull("discover"),
    "permission denied: …; give --namespace for each that you may read": lambda world: world.refusing(
        403, "discover", "--all-namespaces"
    ),
    "cannot read FILE": lambda world: world.prepull("render", world.directory / "none"),
    "FILE is not text": lambda world: world.render(b"\xff"),
    "FILE is not YAML": lambda world: world.render(b"{"),
    "FILE is not a mapping from arguments to values": lambda world: world.render(b"[a]"),
    "FILE has no key that begins with 'prepull:'": lambda world: world.render_stack("config:\n  aws:region: a\n"),
    "KEY is encrypted, and only Pulumi can read it": lambda world: world.render_stack(
        "config:\n  prepull:images: {secure: AAAB}\n"
    ),
    "cannot write FILE: …": lambda world: world.render(
        b"images: [a]", "--output-dir", str(world.directory / "args" / "below")
    ),
}


def explained() -> set[str]:
    """The messages in the table of the command."""
    section = PAGE.read_text("utf-8").partition("\n## From `prepull`\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \| ", section, re.MULTILINE)
    return {message for cell in cells for message in re.findall(r"`([^`]+)`", cell)}


def test_every_message_of_the_command_is_explained() -> None:
    assert explained() == MISTAKES.keys()


@pytest.mark.parametrize("message", MISTAKES)
def test_the_command_says_what_is_explained(
    api: FakeApi,
    prepull: Prepull,
    tmp_path: Path,
    meanwhile: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    message: str,
) -> None:
    # A pod's own account is taken where there is no kubeconfig.
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    said = MISTAKES[message](World(api, prepull, tmp_path, meanwhile)).err
    words = (re.escape(part) for part in PLACEHOLDERS.split(message))
    assert re.search(rf"^(prepull: |  - ){'.+'.join(words)}", said, re.MULTILINE), said
