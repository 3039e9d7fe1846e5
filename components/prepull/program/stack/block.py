"""A block of a program: every workload in it waits until the images of all its workloads are where they can run.

The block uses three parts of Pulumi's public API:

- A transformation runs within each resource's constructor, and sees the inputs as the program wrote them. (Transforms,
  the newer kind, run in the engine. The engine receives a resource only after all its dependencies exist: too late for
  a workload that depends on another one.)
- A transformation may add an output to `depends_on`. The output's value is decided later.
- A coroutine may resolve an output: here, a coroutine that waits for the end of the block.

A transformation cannot be unregistered. Therefore ours looks up the open block in a context variable. asyncio copies
the context into every task, so a function that is passed to `apply` within the block also runs in the block's context.

The lists are built from the workloads' inputs, not from the workloads. They therefore depend on no workload, and the
workloads can depend on them.

Workloads that may run on the same nodes share a DaemonSet, and wait for it alone. The component that the block returns
is registered when the block begins, without children. The transformation declares the DaemonSet of a placement when it
sees the first workload of it, whose inputs say where its pods may run; its images are known when the block has ended.
Thus a block has the DaemonSets that it needs, and no other one. The name of each follows from its placement alone: a
further workload replaces none. Workloads that name no nodes, as most do, have the block's own name. If only an output
tells where a workload may run, its images go everywhere, since a preview could not show the DaemonSet otherwise. Charts
are rendered to be read, so that their placements are known later, and their DaemonSets are declared then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from ...images.placements import EVERYWHERE, TOLERATION, Placement
from ...images.workloads import Classes
from ..args import PrePullDaemonSetArgs
from ..component import PrePullDaemonSet
from ..errors import PrePullArgumentError
from ..images_of import Placed, is_workload, title
from ..inputs import is_plain, pruned
from .collection import Collection, entrance
from .handle import PrePullStack
from .selection import Selection, declares_later, has_images, provider_of

_DEFAULT_TIMEOUT = "30m"


def prepull_stack(
    name: str,
    args: PrePullDaemonSetArgs | None = None,
    opts: pulumi.ResourceOptions | None = None,
    *,
    names: str | Sequence[str] = "*",
    exclude: str | Sequence[str] = (),
    namespaces: str | Sequence[str] | None = None,
) -> AbstractContextManager[PrePullStack]:
    """A block in which every workload waits until the images of the block are where its pods may run.

    Each image goes to the nodes where its workloads may run, by their node selector, required node affinity,
    tolerations and RuntimeClass. Workloads that may run on the same nodes share a DaemonSet, and wait for its images.
    Most name no nodes: their images go to all nodes without taints. If an output says where a workload may run, its
    images go to every node, and the log says so.

    Workloads are Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs, also within Helm charts
    and releases, `ConfigFile`, `ConfigGroup` and Kustomize directories. The program lists neither images nor
    `depends_on`. An image may be an output, of a build for example. What is no image, and pods that no Linux node runs,
    are left out, with a warning that names the workload. Blocks may be nested: a workload belongs to the innermost one
    of its cluster, which is the one with its provider. Workloads outside the block do not wait.

    Args:
        name: the component's name.
        args: the component's arguments. `images` are pulled on every node, in addition to the images that are found.
            Of `node_selector`, `affinity` and `tolerations`, the first two narrow every placement, and the third is
            added to each. `timeout` also limits the wait for the end of the block, while Pulumi runs the program's
            asynchronous part, and then the wait for all images to be known.
        opts: the component's resource options. Its provider says which cluster the block is for.
        names: patterns such as `web-*` for the Pulumi name of a workload, or of a component or chart around it.
            Default: all.
        exclude: patterns for workloads whose images are not pulled and which do not wait. Declare outside the block, or
            exclude, what the nodes or the images need: network, storage and device plugins, a registry in the cluster.
            Default: none.
        namespaces: patterns for Kubernetes namespaces. A workload that names none is in its provider's, else in
            `default`. Default: all.

    Returns:
        A context manager, whose `with` statement declares a PrePullStack and returns it: a PrePullDaemonSet with the
        output `placements`. The component can be used after the block too. If the block ends with an exception, neither
        the component nor a workload of the block is deployed, and the program fails.

    Raises:
        PrePullArgumentError: an argument is wrong, the block is entered a second time, or there is no stack. The
            program fails later if the block is never entered or never ends, if it has no workload, if a workload is
            declared twice, if its image is not an image reference, or if an image is not known within `timeout`.

    Example:
        >>> registry = k8s.apps.v1.Deployment("registry", …)
        >>> with prepull_stack("images") as images:
        ...     k8s.apps.v1.Deployment("web", …)
        >>> pulumi.export("ready_nodes", images.ready_nodes)
    """
    owner = f"prepull_stack '{name}'"
    return _Block(owner, name, dict(args or {}), opts, Selection(owner, names, exclude, namespaces))


def prepull_transformation(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """The transformation by which blocks see resources, for components that open a block in their own constructor.

    Pulumi hands transformations to a resource when the resource is constructed, and from there to its children. A block
    registers this transformation when the block begins. A block does not see children of a component that was
    constructed earlier, unless the component has this transformation in its options, as in the example.

    Args:
        args: Pulumi's description of the resource.

    Returns:
        The resource with a dependency on the images of the open block; None if the resource does not wait.

    Example:
        >>> class Shop(pulumi.ComponentResource):
        ...     def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        ...         seen = pulumi.ResourceOptions(transformations=[prepull_transformation])
        ...         super().__init__("shop:index:Shop", name, None, pulumi.ResourceOptions.merge(opts, seen))
        ...         with prepull_stack(f"{name}-images", opts=pulumi.ResourceOptions(parent=self)):
        ...             k8s.apps.v1.Deployment("web", …, opts=pulumi.ResourceOptions(parent=self))
    """
    # Each block registers the transformation, and Pulumi then runs it several times for a resource.
    if args.resource in _LINEAGES:
        return None
    around = _LINEAGES.get(args.opts.parent, ()) if args.opts.parent else ()
    lineage = _LINEAGES[args.resource] = (*around, (args.type_, args.name))
    _note_class(args)
    block = _OPEN.get()
    if block:
        block.note_behind(args)
    needs = block.needs(args, lineage) if block else None
    if needs is None:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=needs))
    return pulumi.ResourceTransformationResult(args.props, opts)


class _Block(AbstractContextManager[PrePullStack]):
    """Collects the images of the resources that are declared in it, and makes them wait for its component."""

    def __init__(
        self,
        owner: str,
        name: str,
        args: dict[str, Any],
        opts: pulumi.ResourceOptions | None,
        selection: Selection,
    ) -> None:
        self._owner = owner
        self._name = name
        self._args = args
        self._opts = opts
        self._selection = selection
        self._entered = asyncio.Event()
        # Otherwise nobody would notice a call without `with`.
        if _is_in_program():
            entered: Any = entrance(self._entered, repr(self))
            pulumi.Output.from_input(entered)
        self._seen: set[tuple[str, ...]] = set()
        self._waiting: WeakKeyDictionary[pulumi.Resource, str] = WeakKeyDictionary()

    def __enter__(self) -> PrePullStack:
        if self._entered.is_set():
            raise PrePullArgumentError(f"{self._owner}: entered a second time; call prepull_stack for each block")
        self._entered.set()
        _register(self._owner, self._opts)
        # The value is used only after the component has checked it.
        timeout = self._args.get("timeout")
        limit = _DEFAULT_TIMEOUT if timeout is None else timeout
        self._collection = Collection(self._owner, str(self._selection), self._args.get("images"), limit)
        try:
            self._component = PrePullStack(self._name, self._args, self._opts, self._collection.lists)
            # Written as plain values, the listed images need not wait for the end of the block.
            if isinstance(self._args.get("images"), Sequence) and self._args["images"]:
                self._component.needs(EVERYWHERE)
        except BaseException as error:
            self._collection.close(error)
            raise
        self._around = _OPEN.get()
        _OPEN.set(self)
        return self._component

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not reset(token): it works only in the context of the set(), and a test's fixture may end a block in another.
        _OPEN.set(self._around)
        # The SDK shows a ValueError within an output as an internal error, wrapped in others.
        self._collection.close(pulumi.RunError(str(error)) if isinstance(error, PrePullArgumentError) else error)

    def needs(self, args: pulumi.ResourceTransformationArgs, lineage: Lineage) -> Any:
        """Collect the images of a resource, and return what it must wait for; None if it does not wait."""
        ours = isinstance(args.opts.parent, PrePullDaemonSet)
        exists = args.opts.id is not None or args.opts.urn is not None
        if ours or exists or not self._selection.has_name(name for _, name in lineage):
            return None
        if not has_images(args.type_) and not declares_later(args.type_):
            return None
        if not self._is_of_cluster(args):
            outer = self._around.needs(args, lineage) if self._around else None
            if outer is None and has_images(args.type_):
                self._collection.leave(title(args.type_, args.name))
            return outer
        if declares_later(args.type_):
            self._collection.await_children(args.resource)
        return self._collected(args, lineage) if has_images(args.type_) else None

    def note_behind(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Note what waits for a workload of the block by `depends_on`: an image may be computed from it."""
        given = args.opts.depends_on
        needs = given if isinstance(given, Sequence) else [given]
        for each in needs if not has_images(args.type_) else ():
            if isinstance(each, pulumi.Resource) and each in self._waiting:
                self._collection.note_behind(title(args.type_, args.name), self._waiting[each])

    def _is_of_cluster(self, args: pulumi.ResourceTransformationArgs) -> bool:
        """Whether a resource has the same provider as the component, and so is in the same cluster."""
        return provider_of(args) is self._component.get_provider(args.type_)

    def _collected(self, args: pulumi.ResourceTransformationArgs, lineage: Lineage) -> Any:
        name = title(args.type_, args.name)
        self._refuse_twice(name, args, lineage)
        classes = _classes(provider_of(args))
        is_chart = not is_workload(args.type_)
        placements = None if is_chart else self._selection.placements(args, classes)
        everywhere = placements is None and not is_chart
        images = self._selection.images(args, classes, everywhere=everywhere)
        if self._collection.is_complete:
            both = pulumi.Output.all(images, self._collection.lists)
            return both.apply(lambda known: self._late(name, *known))
        self._collection.add(name, images)
        self._waiting[args.resource] = name
        if everywhere:
            pulumi.log.info(
                f"{self._owner}: {name}: its images go to every node, because an output says where its pods may run; "
                "to pull them on these nodes alone, write node selector, affinity and tolerations as plain values"
            )
        if is_chart or self._selection.by_namespace:
            return images.apply(self._needed)
        # As the placements are known, the workload waits, even if a preview does not know its images.
        try:
            return self._needed([EVERYWHERE] if placements is None else placements)
        except PrePullArgumentError as error:
            raise PrePullArgumentError(f"{self._owner}: {name}: {error}") from None

    def _refuse_twice(self, name: str, args: pulumi.ResourceTransformationArgs, lineage: Lineage) -> None:
        """Refuse a second workload with the same URN: the engine would refuse it only after all images are there."""
        if args.opts.parent is not None and args.opts.parent not in _LINEAGES:
            return
        # A URN has the types of the resources around it, and not their names.
        urn = (*(type_ for type_, _ in lineage), args.name)
        if urn in self._seen:
            raise PrePullArgumentError(
                f"{self._owner}: {name} is declared twice; Pulumi tells resources of a kind from each other by their "
                "names, also in two components of the same type; give one of them another name"
            )
        self._seen.add(urn)

    def _late(self, name: str, images: Placed, known: Placed) -> list[pulumi.Resource]:
        missing = [
            image
            for where, own in images.items()
            for image in own
            if image not in known.get(where, ()) and image not in known.get(EVERYWHERE, ())
        ]
        if missing:
            raise pulumi.RunError(
                f"{self._owner}: {name} was declared when the block's list of images was complete already, and runs "
                f"{', '.join(missing)}; add that to images, declare the workload outside of apply(), or name it in "
                "exclude"
            )
        return self._needed(placement for placement in {**images, EVERYWHERE: ()} if placement in known)

    def _needed(self, placements: Iterable[Placement]) -> list[pulumi.Resource]:
        return [resource for placement in placements for resource in self._component.needs(placement)]

    def __repr__(self) -> str:
        return f"<{self._owner}, which is a block: write `with prepull_stack({self._name!r}, …) as images:`>"


def _is_in_program() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_OPEN: ContextVar[_Block | None] = ContextVar("prepull_stack", default=None)
Lineage = tuple[tuple[str, str], ...]
"""Type and name of a resource, after those of all resources around it."""
_LINEAGES: WeakKeyDictionary[pulumi.Resource, Lineage] = WeakKeyDictionary()
"""Every resource that the transformation has seen."""


def _register(owner: str, opts: pulumi.ResourceOptions | None) -> None:
    if pulumi.runtime.get_root_resource() is not None:
        pulumi.runtime.register_stack_transformation(prepull_transformation)
    elif opts is None or opts.parent not in _LINEAGES:
        raise PrePullArgumentError(
            f"{owner}: there is no stack here; call it in a Pulumi program. In a component of a provider, give the "
            "component transformations=[prepull_transformation], and the block opts with the component as parent"
        )


_RUNTIME_CLASS = "kubernetes:node.k8s.io/v1:RuntimeClass"
_OF_RUNTIME_CLASS = {"metadata": {"name": None}, "scheduling": {"nodeSelector": None, "tolerations": [TOLERATION]}}
_CLASSES: WeakKeyDictionary[pulumi.Resource, tuple[Any, Mapping[str, Any]]] = WeakKeyDictionary()
"""The RuntimeClasses that the transformation has seen and can read: each with its provider."""


def _note_class(args: pulumi.ResourceTransformationArgs) -> None:
    if args.type_ == _RUNTIME_CLASS and is_plain(args.props, _OF_RUNTIME_CLASS):
        _CLASSES[args.resource] = provider_of(args), pruned(args.props, _OF_RUNTIME_CLASS)


def _classes(provider: Any) -> Classes:
    """The RuntimeClasses of a provider's cluster by their names."""
    found = [manifest for own, manifest in _CLASSES.values() if own is provider]
    return {str((each.get("metadata") or {}).get("name")): each for each in found}
