"""Each image once, for the nodes and for the chart: what users can choose, and what the hub runs, is there."""

import pulumi
from prepull import PrePullDaemonSet, args_from_config

config = pulumi.Config()
profiles = config.require_object("profiles")
network_tools, hub, proxy = (config.require(f"{name}_image") for name in ("network_tools", "hub", "proxy"))

# The chart puts an init container in front of each user's server.
of_users = [*(profile["image"] for profile in profiles), network_tools]
users = PrePullDaemonSet("user-images", {**args_from_config("users"), "images": of_users})
core = PrePullDaemonSet("hub-images", {**args_from_config("core"), "images": [hub, proxy]})


def named(image):
    """An image as the chart wants it."""
    name, _, tag = image.rpartition(":")
    return {"image": {"name": name, "tag": tag}}


values = {
    # It would pull the same images a second time, one after another.
    "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
    "hub": named(hub),
    "proxy": {"chp": named(proxy)},
    "singleuser": {
        "networkTools": named(network_tools),
        "profileList": [
            {
                "display_name": profile["name"],
                "default": profile is profiles[0],
                "kubespawner_override": {"image": profile["image"]},
            }
            for profile in profiles
        ],
    },
    # By default the chart only prefers the nodes with its labels. Other nodes do not have the images.
    "scheduling": {
        "corePods": {"nodeAffinity": {"matchNodePurpose": "require"}},
        "userPods": {"nodeAffinity": {"matchNodePurpose": "require"}},
    },
}
ready = pulumi.Output.all(users=users.ready_nodes, core=core.ready_nodes)
# Only known once the images are there, for whoever passes them on.
pulumi.export("helm_values", ready.apply(lambda _: values))
pulumi.export("ready_nodes", ready.apply(lambda nodes: sum(nodes.values())))
