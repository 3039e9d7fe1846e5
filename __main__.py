"""Puts the images of the stack's configuration onto every node of the cluster that the provider points to."""

import pulumi
from prepull import PrePullDaemonSet, args_from_config

images = PrePullDaemonSet("images", args_from_config())

pulumi.export("daemon_set_name", images.daemon_set_name)
pulumi.export("namespace", images.namespace)
pulumi.export("images", images.images)
pulumi.export("ready_nodes", images.ready_nodes)
pulumi.export("desired_nodes", images.desired_nodes)
