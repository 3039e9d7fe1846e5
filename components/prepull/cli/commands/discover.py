"""`prepull discover`: lists the images that run in a cluster, as a list to pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import click
import httpx2
from lightkube import AsyncClient

from ...arguments import stackfile
from ..cluster.access.kubeconfig import Access, access
from ..cluster.client import RUNTIME_CLASS, WORKLOADS, code_of, connected, one_line
from ..cluster.inventory import Inventory
from ..cluster.mirror import Mirror
from ..errors import CommandError
from ..options import of_kubeconfig, run
from ..show import found as output

_EVERY_NAMESPACE = "*"


@click.command()
@of_kubeconfig
@click.option("-n", "--namespace", "namespaces", multiple=True, help="May be repeated.  [default: the context's]")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Of the whole cluster.")
@click.option("-l", "--selector", help="Only workloads with these labels, as kubectl takes them: app=web,tier!=test.")
@click.option("--config-namespace", default=stackfile.DEFAULT_NAMESPACE, show_default=True, help="Of the keys.")
@click.option("--placements", "by_placement", is_flag=True, help="In a block for each set of nodes.")
@click.option("-o", "--output", "form", type=click.Choice(["config", "json", "list"]), default="config")
def command(
    *,
    namespaces: tuple[str, ...],
    everywhere: bool,
    selector: str | None,
    config_namespace: str,
    context: str | None,
    kubeconfig: str | None,
    by_placement: bool,
    form: str,
) -> None:
    """List the images that run in a cluster, as a stack's configuration to paste.

    They come from the templates of Deployments, StatefulSets, DaemonSets, CronJobs and Jobs, and from pods without a
    template. What is no image, or runs on no Linux node, is left out, with a line on stderr. The command requires the
    right to list these objects, and changes nothing.

    With --placements, there is a block for each set of nodes where pods may run: their images, and the node_selector,
    affinity and tolerations of a component for these nodes. It also lists RuntimeClasses.
    """
    if everywhere and namespaces:
        raise click.UsageError("give either --namespace or --all-namespaces")
    if by_placement and form == "list":
        raise click.UsageError("--placements has no form as a list; give --output config or json")
    found = access(kubeconfig, context)
    asked = [_EVERY_NAMESPACE] if everywhere else list(namespaces) or [found.namespace]
    inventory = run(_inventory(found, asked, selector, by_placement=by_placement))
    for line in sorted(inventory.left_out):
        click.echo(f"prepull: left out: {line}", err=True)
    if not inventory.images:
        where = "the cluster" if everywhere else " or ".join(f"the namespace '{name}'" for name in asked)
        chosen = f" with the labels '{selector}'" if selector else ""
        raise CommandError(f"nothing that runs an image{chosen} is in {where}")
    click.echo(_written(inventory, form, config_namespace, by_placement=by_placement), nl=False)


async def _inventory(
    found: Access, namespaces: Sequence[str], selector: str | None, *, by_placement: bool
) -> Inventory:
    async with connected(found) as client:
        inventory = Inventory(await _runtime_classes(client) if by_placement else {})
        for namespace in dict.fromkeys(namespaces):
            await _read(client, inventory, namespace, selector)
    return inventory


async def _read(client: AsyncClient, inventory: Inventory, namespace: str, selector: str | None) -> None:
    # lightkube sends a key without a value unchanged, so the API server parses the whole selector.
    labels = {selector: None} if selector else None
    for kind, resource in WORKLOADS.items():
        try:
            await Mirror(client, resource, namespace, partial(inventory.take, kind), labels=labels).load()
        except httpx2.HTTPStatusError as error:
            if code_of(error) != 403 or namespace != _EVERY_NAMESPACE:
                raise
            said = one_line(str(error))
            raise CommandError(f"permission denied: {said}; give --namespace for each that you may read") from None


async def _runtime_classes(client: AsyncClient) -> Mapping[str, Mapping[str, Any]]:
    try:
        return {each["metadata"]["name"]: each async for each in client.list(RUNTIME_CLASS)}
    except httpx2.HTTPStatusError as error:
        if code_of(error) != 403:
            raise
        click.echo(f"prepull: the nodes of RuntimeClasses are not known: {one_line(str(error))}", err=True)
        return {}


def _written(inventory: Inventory, form: str, config_namespace: str, *, by_placement: bool) -> str:
    if form == "list":
        return output.as_list(inventory.images)
    if by_placement and form == "json":
        return output.placements_as_json(inventory.placements)
    if by_placement:
        return output.placements_as_config(inventory.placements, config_namespace)
    return output.as_json(inventory.images) if form == "json" else output.as_config(inventory.images, config_namespace)
