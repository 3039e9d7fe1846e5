"""Reads what a program gives as a file: a path, a URL, or one of Pulumi's assets."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pulumi

from .ask import CannotRenderError

WEB = ("http://", "https://")
_SECONDS = 60


def text_of(asset: Any) -> str:
    """The text of an asset.

    Raises:
        CannotRenderError: it is an archive, or an asset of a kind that Helm does not take.
        OSError: it cannot be read.
        UnicodeError: it is not a text.
    """
    return _bytes_of(asset).decode("utf-8")


def path_of(asset: Any, folder: Path, name: str) -> str:
    """The path of a file with an asset's content: the asset's own, or a new file in a folder.

    Args:
        asset: a path, or an asset.
        folder: where a new file may be.
        name: the name of that file.
    """
    if isinstance(asset, (str, pulumi.FileAsset)):
        return str(Path(asset if isinstance(asset, str) else asset.path).absolute())
    file = folder / name
    file.write_bytes(_bytes_of(asset))
    return str(file)


def fetched(
    url: str, user: tuple[str, str] | None = None, ca_file: str | None = None, pair: tuple[str, str] | None = None
) -> bytes:
    """What is at a URL of the web.

    Args:
        url: the URL, `http` or `https`.
        user: name and password. No other address that the server redirects to gets them.
        ca_file: the path of the only certificates to trust. Default: the machine's.
        pair: the paths of the client's certificate and of its key.

    Raises:
        OSError: it cannot be fetched.
    """
    request = Request(url)  # noqa: S310 - of no other scheme, see WEB
    if user:
        token = base64.b64encode(":".join(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    context = ssl.create_default_context(cafile=ca_file) if url.startswith("https://") else None
    if context and pair:
        context.load_cert_chain(*pair)
    with urlopen(request, timeout=_SECONDS, context=context) as response:  # noqa: S310 - likewise
        return bytes(response.read())


def _bytes_of(asset: Any) -> bytes:
    if isinstance(asset, pulumi.FileAsset):
        return Path(asset.path).read_bytes()
    if isinstance(asset, pulumi.StringAsset):
        return asset.text.encode()
    if isinstance(asset, pulumi.RemoteAsset) and asset.uri.startswith(WEB):
        return fetched(asset.uri)
    raise CannotRenderError(f"an input has what is neither a file nor a text: {asset!r}")
