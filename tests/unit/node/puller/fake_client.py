"""A fake of crictl, ctr and docker, by the name it is called with. A directory holds the state of one node.

plan.json            the faults: {"WORD": [step, …], …}, one step for each call with the word among its arguments;
                     the last step repeats. A step: {"seconds", "hang", "deaf", "vanish", "error", "code", "unless"}.
                     With "unless", a list of texts "USER:PASSWORD", there is no error for these
names/               one file for each name of each image
labels/              one file for each image that has labels of containerd, by its ID
containers/          one file for each container: the ID of its image
calls/               one file for each call: its arguments, its environment, when it began and ended

The names of files that represent images are in hexadecimal. The name of the socket tells the runtime: crictl removes
images as CRI-O does at crio.sock, as cri-dockerd does at cri-dockerd.sock, and elsewhere as containerd does.
"""

# ruff: noqa: PTH104, PTH108, PTH110, PTH118, PTH119, PTH123, PTH208
# Every call starts this program, and the import of pathlib would take longer than the rest of it

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import time
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

STATE = os.environ.get("FAKE_STATE", "")
BEGAN = time.monotonic()
RECORDED = (
    "CRICTL_AUTH",
    "CRICTL_CREDS",
    "CONTAINER_RUNTIME_ENDPOINT",
    "IMAGE_SERVICE_ENDPOINT",
    "DOCKER_HOST",
    "CRI_CONFIG_FILE",
)


def path_of(name: str) -> str:
    return os.path.join(STATE, "names", name.encode().hex())


def labels_of(identity: str) -> str:
    return os.path.join(STATE, "labels", identity.encode().hex())


def digest_of(text: str) -> str:
    return f"sha256:{zlib.crc32(text.encode()):064x}"


def canonical(name: str) -> str:
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def repository(name: str) -> str:
    name = name.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name


def load() -> dict[str, dict[str, Any]]:
    images = {}
    for file in sorted(os.listdir(os.path.join(STATE, "names"))):
        with open(os.path.join(STATE, "names", file)) as stream:
            images[bytes.fromhex(file).decode()] = json.load(stream)
    return images


def save(name: str, image: dict[str, Any]) -> None:
    with open(path_of(name), "w") as stream:
        json.dump(image, stream)


def add(name: str) -> None:
    content = name.rpartition("/")[2]
    image = {
        "id": digest_of("config " + content),
        "digest": digest_of("manifest " + content),
        "size": 1000,
        "pinned": False,
    }
    if "@" in name:
        image["digest"] = name.partition("@")[2]
    save(name, image)
    save(f"{repository(name)}@{image['digest']}", image)


def fail(message: str, code: int = 1) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(code)


def listing() -> None:
    by_id: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for name, image in load().items():
        by_id.setdefault(image["id"], (image, []))[1].append(name)
    for identity, (image, names) in by_id.items():
        print(f"ID: {identity}")
        for name in names:
            print(f"RepoDigests: {name}" if "@" in name else f"RepoTags: {name}")
        print(f"Size: {image['size']}")
        if image["pinned"]:
            print("Pinned: true")
        print()


def remove(name: str, *, whole: bool) -> None:
    images = load()
    identity = images[name]["id"] if name in images else name
    if identity not in {image["id"] for image in images.values()}:
        fail(f"no such image {name}")
    for other, image in images.items():
        if other == name or (whole and image["id"] == identity):
            os.unlink(path_of(other))
    if whole and os.path.exists(labels_of(identity)):
        os.unlink(labels_of(identity))


def remove_over_cri(name: str) -> None:
    socket = socket_name()
    if socket == "cri-dockerd.sock" and name in load():
        return
    remove(name, whole=socket != "crio.sock" or name not in load())


def socket_name() -> str:
    return os.environ.get("DOCKER_HOST", "").rpartition("/")[2]


def name_again(source: str, target: str) -> None:
    images = load()
    if source not in images:
        fail(f'ctr: image "{source}": not found')
    save(target, images[source])


def labels(identity: str) -> dict[str, str]:
    if not os.path.exists(labels_of(identity)):
        return {}
    with open(labels_of(identity)) as stream:
        read: dict[str, str] = json.load(stream)
    return read


def label(identity: str, text: str) -> None:
    """A label without a value is none; one that is too long is refused, as containerd does."""
    if identity not in {image["id"] for image in load().values()}:
        fail(f'ctr: image "{identity}": not found')
    key, _, value = text.partition("=")
    if len(key) + len(value) > 4096:
        fail("ctr: label key and value length (8000 bytes) greater than maximum size (4096 bytes)")
    kept = {each: names for each, names in {**labels(identity), key: value}.items() if names}
    with open(labels_of(identity), "w") as stream:
        json.dump(kept, stream)


def list_labels() -> None:
    print("REF TYPE DIGEST SIZE PLATFORMS LABELS ")
    for image in {image["id"]: image for image in load().values()}.values():
        all_labels = {"io.cri-containerd.image": "managed", **labels(image["id"])}
        text = ",".join(f"{key}={value}" for key, value in sorted(all_labels.items()))
        print(f"{image['id']} type {image['digest']} 10.6 KiB linux/amd64 {text} ")


def users(name: str) -> None:
    image = load().get(name, {"id": None})
    for container in sorted(os.listdir(os.path.join(STATE, "containers"))):
        with open(os.path.join(STATE, "containers", container)) as stream:
            if stream.read() == image["id"]:
                print(container)


def crictl(arguments: list[str]) -> None:
    if arguments[0] == "--timeout":
        del arguments[:2]
    if arguments == ["images", "--verbose"]:
        listing()
    elif arguments[0] == "pull":
        add(arguments[1])
    elif arguments[0] == "rmi":
        remove_over_cri(arguments[1])
    elif arguments[:4] == ["ps", "--all", "--quiet", "--image"]:
        users(arguments[4])
    else:
        fail(f"crictl knows no {arguments}", 2)


def ctr(arguments: list[str]) -> None:
    if socket_name() in ("crio.sock", "cri-dockerd.sock"):
        fail("ctr: unknown service containerd.services.images.v1.Images: not implemented")
    arguments = arguments[arguments.index("images") + 1 :]
    if arguments[0] == "tag":
        name_again(*arguments[2:])
    elif arguments[0] == "rm":
        remove(arguments[1], whole=False)
    elif arguments == ["list", "name~=|^sha[0-9]+:|"]:
        list_labels()
    elif arguments[0] == "label":
        label(*arguments[1:])
    else:
        fail(f"ctr knows no {arguments}", 2)


def docker(arguments: list[str]) -> None:
    if arguments[:2] == ["image", "ls"]:
        print("\n".join(image["id"] for image in load().values()))
    elif arguments[:2] == ["image", "inspect"]:
        listing()
    elif arguments[0] == "pull":
        add(canonical(arguments[-1]))
    elif arguments[0] == "tag":
        name_again(*arguments[1:])
    elif arguments[0] == "rmi":
        remove(arguments[1], whole=False)
    elif arguments[0] == "ps":
        users(arguments[-1].partition("=")[2])
    else:
        fail(f"docker knows no {arguments}", 2)


def next_step(words: list[str]) -> dict[str, Any]:
    with open(os.path.join(STATE, "plan.json")) as stream:
        plan: dict[str, list[dict[str, Any]]] = json.load(stream)
    for word, steps in plan.items():
        if word in words:
            return steps[min(take_turn(word), len(steps) - 1)]
    return {}


def take_turn(word: str) -> int:
    turn = 0
    while True:
        turn_file = os.path.join(STATE, "turns", f"{word.encode().hex()}-{turn}")
        try:
            os.close(os.open(turn_file, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            turn += 1
        else:
            return turn


def config_path() -> str:
    return os.path.join(os.environ.get("DOCKER_CONFIG", ""), "config.json")


def login() -> str:
    """The credential that the client has, as USER:PASSWORD."""
    if os.path.exists(config_path()):
        with open(config_path()) as stream:
            [entry] = json.load(stream)["auths"].values()
        return base64.b64decode(entry["auth"]).decode() or f"{entry['username']}:{entry['password']}"
    return os.environ.get("CRICTL_CREDS", "")


def record(client: str, arguments: list[str], ended: float | None = None) -> None:
    environment = {name: os.environ[name] for name in RECORDED if name in os.environ}
    if ended is None and os.path.exists(config_path()):
        with open(config_path()) as stream:
            environment["DOCKER_CONFIG"] = stream.read()
    call = {
        "client": client,
        "arguments": arguments,
        "environment": environment,
        "began": BEGAN,
        "ended": ended,
        "pid": os.getpid(),
    }
    file = os.path.join(STATE, "calls", f"{BEGAN:017.6f}-{os.getpid()}")
    if ended is not None:
        with open(file) as stream:
            call["environment"] = json.load(stream)["environment"]
    with open(file + ".new", "w") as stream:
        json.dump(call, stream)
    os.rename(file + ".new", file)


def main() -> None:
    client = os.path.basename(sys.argv[0])
    arguments = sys.argv[1:]
    record(client, list(arguments))
    step = next_step([*arguments, client, socket_name()])
    if "unless" in step and login() in step["unless"]:
        step = {}
    if step.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600 if step.get("hang") else step.get("seconds", 0))
    try:
        if "error" in step or step.get("code"):
            fail(step.get("error", ""), step.get("code", 1))
        if step.get("vanish"):
            return
        {"crictl": crictl, "ctr": ctr, "docker": docker}[client](list(arguments))
    finally:
        sys.stdout.flush()
        record(client, list(arguments), ended=time.monotonic())


if __name__ == "__main__":
    main()
