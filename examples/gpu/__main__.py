"""A model's server and jobs on GPU nodes, their gateway on the other nodes: each image where its pods may run."""

import pulumi
import pulumi_kubernetes as k8s
from prepull import args_from_config, prepull_stack

config = pulumi.Config()

# The label and the taint of a GPU node.
on_gpus = {
    "node_selector": {"nvidia.com/gpu.present": "true"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
}
one_gpu = {"limits": {"nvidia.com/gpu": "1"}}


def template(name, container, **pod):
    """What a workload runs: one container."""
    return {"metadata": {"labels": {"app": name}}, "spec": {**pod, "containers": [{"name": name, **container}]}}


def deployment(name, container, **pod):
    """A workload that runs all the time."""
    selector = {"match_labels": {"app": name}}
    k8s.apps.v1.Deployment(name, spec={"selector": selector, "template": template(name, container, **pod)})


with prepull_stack("images", args_from_config()) as images:
    server = {
        "image": config.require("server_image"),
        "args": ["--model", config.require("model")],
        "resources": one_gpu,
    }
    deployment("server", server, **on_gpus)

    deployment("gateway", {"image": config.require("gateway_image")})

    # Jobs with the same image start as fast, whoever creates them.
    check = {
        "image": config.require("job_image"),
        "command": ["python", "-c", "import torch; print(torch.cuda.get_device_name(0))"],
        "resources": one_gpu,
    }
    job = {"template": template("check", check, restart_policy="Never", **on_gpus)}
    k8s.batch.v1.CronJob("check", spec={"schedule": "0 6 * * *", "job_template": {"spec": job}})

pulumi.export("placements", images.placements)
pulumi.export("ready_nodes", images.ready_nodes)
