"""One list of images, for the nodes and for the chart: what users can choose is what is there."""

import pulumi
from prepull import PrePullDaemonSet, args_from_config

profiles = pulumi.Config().require_object("profiles")

images = PrePullDaemonSet("user-images", {**args_from_config(), "images": [profile["image"] for profile in profiles]})

values = {
    # It would pull the same images a second time, one after another.
    "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
    "singleuser": {
        "profileList": [
            {
                "display_name": profile["name"],
                "default": profile is profiles[0],
                "kubespawner_override": {"image": profile["image"]},
            }
            for profile in profiles
        ]
    },
}
# Only known once the images are there, for whoever passes them on.
pulumi.export("helm_values", images.ready_nodes.apply(lambda _: values))
pulumi.export("ready_nodes", images.ready_nodes)
