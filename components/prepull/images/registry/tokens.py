"""Authentication: what a registry's challenge asks for, and the tokens that its token server grants.

https://distribution.github.io/distribution/spec/auth/token/, and with an identity token
https://distribution.github.io/distribution/spec/auth/oauth/.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from requests.utils import parse_dict_header

from .failures import Reason, RegistryError, UnauthorizedError, UnreachableError, refused
from .logins import Credential
from .session import Session

_BEARER = re.compile(r"(?:^|,)\s*bearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_BASIC = re.compile(r"(?:^|,)\s*basic\b", re.IGNORECASE)


def bearer(challenge: str) -> Mapping[str, str | None] | None:
    """The parameters of a challenge for a bearer token; None if the registry asks for something else.

    Args:
        challenge: the value of the header WWW-Authenticate.
    """
    found = _BEARER.search(challenge)
    if not found:
        return None
    parameters: dict[str, str | None] = parse_dict_header(found[1])  # type: ignore[no-untyped-call]
    return parameters


def asks_for_basic(challenge: str) -> bool:
    """Whether a challenge asks for a user name and a password."""
    return bool(_BASIC.search(challenge))


def basic(credential: Credential) -> str:
    """The header's value for a user name and a password."""
    pair = f"{credential.username}:{credential.password}".encode("utf-8", "surrogateescape")
    return "Basic " + base64.b64encode(pair).decode()


def token(
    session: Session,
    parameters: Mapping[str, str | None],
    credential: Credential | None,
    *,
    scope: str,
    plain: bool,
    note: str,
) -> str:
    """Ask the token server that a registry names for a token.

    Args:
        session: the session to ask with.
        parameters: the challenge's parameters, from `bearer`.
        credential: the user's credential for the registry, if there is one.
        scope: the rights to ask for, where the challenge does not name them.
        plain: whether the token server may be asked over plain HTTP.
        note: which credential was used, for a message about missing rights.

    Raises:
        RegistryError: there is no token; the message says why.
    """
    realm = parameters.get("realm") or ""
    if not realm.startswith(("https://", "http://") if plain else "https://"):
        raise RegistryError(Reason.REALM_WITHOUT_TLS.text(realm=realm))
    scope = parameters.get("scope") or scope
    service = parameters.get("service") or ""
    server = urlsplit(realm).netloc
    try:
        if credential and credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "scope": scope,
                "client_id": "prepull",
                "refresh_token": credential.identity_token,
            }
            response = session.send("POST", realm, None, data=form)
        else:
            query = [("service", service), *(("scope", each) for each in scope.split())]
            response = session.send("GET", realm, basic(credential) if credential else None, params=query)
    except UnreachableError as error:
        raise UnreachableError(Reason.REALM_FAILED.text(server=server, reason=error)) from None
    if response.status_code != requests.codes.ok:
        raise _refused(response, note)
    try:
        granted = response.json()
        found = granted.get("token") or granted.get("access_token")
    except (AttributeError, ValueError):
        found = None
    if not isinstance(found, str):
        raise RegistryError(Reason.NOTHING_GRANTED.text(server=server))
    return found


def _refused(response: requests.Response, note: str) -> RegistryError:
    if response.status_code == requests.codes.bad_request:
        return UnauthorizedError(Reason.UNAUTHORIZED.text(note=note))
    if response.status_code == requests.codes.not_found:
        return RegistryError(Reason.REALM_MISSING.text(server=urlsplit(response.url).netloc))
    return refused(response.status_code, response.reason, note)
