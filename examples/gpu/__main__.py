"""The images of the stack's configuration on the nodes that it selects."""

import pulumi
from prepull import PrePullDaemonSet, args_from_config

images = PrePullDaemonSet("gpu-images", args_from_config())

pulumi.export("images", images.images)
pulumi.export("ready_nodes", images.ready_nodes)
