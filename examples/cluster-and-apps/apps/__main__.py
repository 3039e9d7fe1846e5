"""Images on every node of another stack's cluster, then the workload that needs them."""

import pulumi
import pulumi_kubernetes as k8s
from prepull import PrePullDaemonSet, args_from_config

config = pulumi.Config()
image = config.require("image")
cluster = pulumi.StackReference(config.require("cluster"))

provider = k8s.Provider(
    "cluster",
    kubeconfig=cluster.require_output("kubeconfig"),
    namespace=cluster.require_output("namespace"),
)

# The provider is inherited by everything that the component makes.
images = PrePullDaemonSet(
    "images", {**args_from_config(), "images": [image]}, pulumi.ResourceOptions(provider=provider)
)

labels = {"app": "web"}
k8s.apps.v1.Deployment(
    "web",
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}},
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[images]),
)

pulumi.export("namespace", images.namespace)
pulumi.export("ready_nodes", images.ready_nodes)
