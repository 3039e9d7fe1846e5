"""Every image is on every node before the workloads that need it start."""

import pulumi
import pulumi_kubernetes as k8s
from prepull import args_from_config, prepull_stack

image = pulumi.Config().require("image")

# Each workload in the block waits until its image is on the nodes where it can run. `prepull:…` in the stack's
# configuration sets the component's arguments.
with prepull_stack("images", args_from_config()) as images:
    k8s.apps.v1.Deployment(
        "web",
        spec={
            "replicas": 2,
            "selector": {"match_labels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image}]},
            },
        },
    )

pulumi.export("images", images.images)
pulumi.export("ready_nodes", images.ready_nodes)
