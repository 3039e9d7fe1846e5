"""`prepull status`: its requests, and its output for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

import yaml

from ..cluster.fake_api import FakeApi
from ..cluster.objects import DIGEST, NAMES, daemon_set, pod
from ..cluster.pods import reported, running, there
from .conftest import Prepull

FORBIDDEN = (403, "forbidden")
Meanwhile = Callable[..., None]


def fill(api: FakeApi) -> None:
    failed = reported("node-b", "1 failed 5 30.400 manifest unknown", f"0 present {DIGEST} 70212345 0.000 0", code=1)
    api.items["daemonsets"] = [daemon_set()]
    api.items["pods"] = [there("node-a"), failed, running("node-c")]
    api.logs["images-node-c"] = ["using crictl on /run/x.sock", f"pulling {NAMES[0]} (attempt 1 of 5)"]


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_table(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    ran = prepull("status")
    assert (ran.code, ran.err) == (0, "")
    headline, header, *rows = words(ran.out)
    assert " ".join(headline) == "here/images 1 of 3 nodes have all 2 images: 3 present 1 pulling 1 waiting 1 failed"
    assert header == ["NODE", "IMAGE", "STATE", "DIGEST", "SIZE", "SECONDS", "NOTE"]
    assert rows[0] == ["node-a", "nginx:1.27", "present", "sha256:aaaaaaaaaaaa", "70.2", "MB", "0.8"]
    assert " ".join(rows[3]) == "quay.io/org/app:2 failed 30.4 manifest unknown, attempt 5 of 5"
    assert rows[4][:3] == ["node-c", "nginx:1.27", "pulling"]
    assert rows[5] == ["quay.io/org/app:2", "waiting"]


def test_json_and_yaml_say_the_same(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    said = json.loads(prepull("status", "images", "--output", "json").out)
    assert yaml.safe_load(prepull("status", "--output", "yaml").out) == said
    [component] = said["components"]
    assert component["totals"] == {"present": 3, "pulling": 1, "waiting": 1, "failed": 1}
    assert (component["name"], component["namespace"], component["daemonSet"]) == ("images", "here", "images")
    assert (component["readyNodes"], component["desiredNodes"], component["images"]) == (1, 3, NAMES)
    a, b, c = component["nodes"]
    assert a == {
        "name": "node-a",
        "pod": "images-node-a",
        "complete": True,
        "outdated": False,
        "images": [
            {"name": NAMES[0], "state": "present", "digest": DIGEST, "bytes": 70212345, "seconds": 0.84, "attempts": 1},
            {"name": NAMES[1], "state": "present", "digest": DIGEST, "bytes": 52428800, "seconds": 2.11, "attempts": 2},
        ],
    }
    assert b["images"][1]["reason"] == "manifest unknown"
    assert c["images"][0] == {
        "name": NAMES[0],
        "state": "pulling",
        "attempts": 1,
        "pullingSince": "2026-01-01T00:00:00Z",
    }


def test_without_the_right_to_read_logs_and_events_it_says_less(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    api.refuse = {"log": FORBIDDEN, "events": FORBIDDEN}
    ran = prepull("status")
    assert (ran.code, ran.err) == (0, "")
    assert [row[:3] for row in words(ran.out)[6:]] == [
        ["node-c", "nginx:1.27", "pulling"],
        ["quay.io/org/app:2", "pulling", words(ran.out)[7][2]],
    ]


def test_events_say_why_a_pod_cannot_start(api: FakeApi, prepull: Prepull) -> None:
    api.items["daemonsets"] = [daemon_set(desired=1)]
    api.items["pods"] = [pod("node-a")]
    message = 'MountVolume.SetUp failed for volume "socket" : hostPath type check failed: /run/x is not a socket file'
    busy = 'MountVolume.SetUp failed for volume "scripts" : failed to sync configmap cache: timed out'
    api.items["events"] = [
        {
            "metadata": {"name": name},
            "type": "Warning",
            "reason": "FailedMount",
            "message": said,
            "involvedObject": {"kind": "Pod", "name": "images-node-a"},
        }
        for name, said in (("e", busy), ("f", message), ("g", busy))
    ]
    assert "the pod cannot start: socket missing: /run/x is not a socket file" in prepull("status").out


def test_it_asks_in_pages_for_one_namespace_only(api: FakeApi, prepull: Prepull) -> None:
    api.items["daemonsets"] = [daemon_set(desired=1200)]
    api.items["pods"] = [there(f"node-{index}") for index in range(1200)]
    ran = prepull("status", "-n", "elsewhere")
    assert ran.out.startswith("here/images  1200 of 1200 nodes have all 2 images:  2400 present\n")
    assert ran.out.endswith("and 2300 more; --output wide lists all\n")
    assert api.times("/pods?") == 3
    assert all("/namespaces/elsewhere/" in address for address in api.asked)


def test_watching_goes_on_after_the_watch_has_expired(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    api.items["daemonsets"] = [daemon_set(desired=1)]
    api.items["pods"] = [pod("node-a")]
    done = there("node-a")
    meanwhile(lambda: api.times("/pods?", "watch") == 1, lambda: api.send("pods", "MODIFIED", running("node-a")))
    meanwhile(lambda: api.times("/pods?", "watch") == 1 and api.times("log") == 1, lambda: api.expire("pods"))
    meanwhile(lambda: api.times("/pods?", "watch") == 2, lambda: api.send("pods", "MODIFIED", done))
    # The right is withdrawn, which ends the command.
    meanwhile(
        lambda: api.times("/pods?", "watch") == 2 and api.items["pods"] == [done],
        lambda: api.refuse.update({"pods": (403, "pods is forbidden: no longer")}),
        lambda: __import__("time").sleep(1.5),
        lambda: api.expire("pods"),
    )

    ran = prepull("status", "--watch", "--output", "json")

    states = [
        [image["state"] for image in json.loads(line)["components"][0]["nodes"][0]["images"]]
        for line in ran.out.splitlines()
    ]
    assert states[0] == ["waiting", "waiting"]
    assert ["pulling", "pulling"] in states
    assert states[-1] == ["present", "present"]
    assert (ran.code, ran.err) == (4, "prepull: permission denied: pods is forbidden: no longer\n")
    assert api.times("/pods?", "limit=500") == 3
