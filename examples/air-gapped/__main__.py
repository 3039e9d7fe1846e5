"""Public images from a private mirror, on the nodes under their public names."""

import base64
import json

import pulumi
import pulumi_kubernetes as k8s
from prepull import PrePullDaemonSet, args_from_config

config = pulumi.Config()
registry, user = config.require("registry"), config.require("registry_user")


def docker_config(password: str) -> str:
    """What `docker login` would have written."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {registry: {"auth": auth}}})


login = k8s.core.v1.Secret(
    "registry-login",
    type="kubernetes.io/dockerconfigjson",
    string_data={".dockerconfigjson": config.require_secret("registry_password").apply(docker_config)},
)

images = PrePullDaemonSet("images", {**args_from_config(), "image_pull_secrets": [login.metadata["name"]]})

pulumi.export("images", images.images)
pulumi.export("ready_nodes", images.ready_nodes)
