from typing import Any

import pytest
import yaml

from lab.cluster.cluster import kind_configuration
from lab.images.node_image import NodeImage
from lab.versions import SYSTEMS

OFFICIAL, BUILT = NodeImage("image:1", complete=True), NodeImage("image:1", complete=False)


def patches(configuration: dict[str, Any]) -> dict[str, Any]:
    """What kind changes of kubeadm's configuration, by the kind of the object."""
    documents = [yaml.safe_load(text) for text in configuration["kubeadmConfigPatches"]]
    return {document.pop("kind"): document for document in documents}


@pytest.mark.parametrize(("name", "gates"), [("1.34", {"ImageVolume": True}), ("1.37", {})])
def test_image_volumes_are_switched_on_where_they_are_not_by_default(name: str, gates: dict[str, bool]) -> None:
    assert kind_configuration(OFFICIAL, SYSTEMS[name], {}, cgroup_v2=True)["featureGates"] == gates


@pytest.mark.parametrize("image", [OFFICIAL, BUILT])
def test_the_kubelet_starts_on_a_machine_with_the_old_control_groups(image: NodeImage) -> None:
    old, new = (patches(kind_configuration(image, SYSTEMS["1.37"], {}, cgroup_v2=it)) for it in (False, True))
    assert old["KubeletConfiguration"] == {"failCgroupV1": False}
    assert "KubeletConfiguration" not in new


def test_a_built_image_needs_no_network_plugin_and_no_dns() -> None:
    configuration = kind_configuration(BUILT, SYSTEMS["1.37"], {}, cgroup_v2=True)
    assert configuration["networking"] == {"apiServerAddress": "127.0.0.1", "disableDefaultCNI": True}
    assert patches(configuration) == {"InitConfiguration": {"skipPhases": ["preflight", "addon/coredns"]}}


def test_every_node_mounts_what_is_shared_and_cannot_change_it() -> None:
    configuration: dict[str, Any] = kind_configuration(OFFICIAL, SYSTEMS["1.37"], {"/there": "/here"}, cgroup_v2=True)
    mount = {"hostPath": "/here", "containerPath": "/there", "readOnly": True}
    assert [node["extraMounts"] for node in configuration["nodes"]] == [[mount]] * 3
