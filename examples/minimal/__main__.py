"""One image on every node, then a Deployment that starts with it."""

import pulumi
import pulumi_kubernetes as k8s
from prepull import PrePullDaemonSet

image = pulumi.Config().require("image")

images = PrePullDaemonSet("images", {"images": [image]})

labels = {"app": "web"}
k8s.apps.v1.Deployment(
    "web",
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}},
    },
    # It is made once the image is on every node.
    opts=pulumi.ResourceOptions(depends_on=[images]),
)

pulumi.export("ready_nodes", images.ready_nodes)
