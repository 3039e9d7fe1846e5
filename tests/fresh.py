"""Runs `make check` and every test that needs no cluster where nothing is installed: `make test-fresh`.

That is a container of Debian with Python, `make` and certificates alone. Whatever else the checks use, the checkout has
to bring. The container has this machine's network, certificates and settings of package clients, since these say how
package registries are reached here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from lab import Lab, LabError
from lab.images import debian
from lab.versions import SYSTEMS

ROOT = Path(__file__).parents[1]
# That of the lab's oldest system, which the lab knows how to build: its Python, make and shell are the oldest that the
# checks meet.
*_, _OLDEST = SYSTEMS.values()
PACKAGES = ("ca-certificates", "make", "python3", "python3-venv")
COMMANDS = "make check && make test PARTS=without-a-cluster"
_SETTINGS = (
    "PIP_",
    "UV_",
    "GOPROXY",
    "GONOPROXY",
    "GOPRIVATE",
    "GOSUMDB",
    "GONOSUMDB",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_CERTIFICATES = ("/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates")


def main() -> int:
    """Run them; return the exit code."""
    lab = Lab.of_checkout()
    try:
        engine = lab.provide_engine()
        image = f"prepull-lab/fresh:{lab.name}"
        with lab.console.step("Debian with Python and make") as step:
            archive = debian.provide(lab.cache, step, _OLDEST.debian, PACKAGES)
            engine.docker("import", str(archive), image)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    container = f"{lab.name}-fresh-{uuid.uuid4().hex[:6]}"
    settings = [f"--env={name}" for name in os.environ if name.startswith(_SETTINGS)]
    mounts = [f"--volume={path}:{path}:ro" for path in _CERTIFICATES if Path(path).is_dir()]
    options = ("--rm", "--interactive", "--network=host", f"--name={container}", "--env=CI=true", *settings, *mounts)
    script = f"mkdir /checkout && tar --extract --directory /checkout && cd /checkout && {COMMANDS}"
    with tempfile.TemporaryFile() as checkout:
        listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(
            ("tar", "--create", "--null", "--files-from=-"), cwd=ROOT, check=True, input=listed, stdout=checkout
        )
        checkout.seek(0)
        command = (str(engine.client), "run", *options, image, "/bin/sh", "-ec", script)
        try:
            return subprocess.run(command, env=engine.environ, check=False, stdin=checkout).returncode
        finally:
            engine.remove_containers(container)


if __name__ == "__main__":
    sys.exit(main())
