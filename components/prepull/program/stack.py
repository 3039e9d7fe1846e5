"""A block of a program: every workload in it waits until the images of all its workloads are on every node.

The block uses three parts of Pulumi's public API:

- A transformation runs within each resource's constructor, and sees the inputs as the program wrote them. (Transforms,
  the newer kind, run in the engine. The engine receives a resource only after all its dependencies exist: too late for
  a workload that depends on another one.)
- A transformation may add an output to `depends_on`. The output's value is decided later.
- A coroutine may resolve an output: here, a coroutine that waits for the end of the block.

A transformation cannot be unregistered. Therefore ours looks up the open block in a context variable. asyncio copies
the context into every task, so a function that is passed to `apply` within the block also runs in the block's context.

The list is built from the workloads' inputs, not from the workloads. It therefore depends on no workload, and the
workloads can depend on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, cast
from weakref import WeakKeyDictionary

import pulumi

from .args import PrePullDaemonSetArgs
from .collection import Collection
from .component import PrePullDaemonSet
from .errors import PrePullArgumentError
from .images_of import title
from .selection import Selection, declares_later, has_images

_DEFAULT_TIMEOUT = "30m"


def prepull_stack(
    name: str,
    args: PrePullDaemonSetArgs | None = None,
    opts: pulumi.ResourceOptions | None = None,
    *,
    names: str | Sequence[str] = "*",
    exclude: str | Sequence[str] = (),
    namespaces: str | Sequence[str] | None = None,
) -> AbstractContextManager[PrePullDaemonSet]:
    """A block in which every workload waits until the images of all workloads of the block are on every node.

    Workloads are Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs, also within Helm charts
    and releases, `ConfigFile`, `ConfigGroup` and Kustomize directories. The program lists neither images nor
    `depends_on`. An image may be an output, of a build for example. What is no image, and pods that no Linux node runs,
    are left out, with a warning that names the workload. Blocks may be nested: a workload belongs to the innermost one.
    Workloads outside the block do not wait.

    Args:
        name: the component's name.
        args: the component's arguments. `images` are pulled in addition to the images that are found. `timeout` also
            limits the wait for all images to be known.
        opts: the component's resource options.
        names: patterns such as `web-*` for the Pulumi name of a workload, or of a component or chart around it.
            Default: all.
        exclude: patterns for workloads whose images are not pulled and which do not wait. Declare outside the block, or
            exclude, what the nodes or the images need: network, storage and device plugins, a registry in the cluster.
            Default: none.
        namespaces: patterns for Kubernetes namespaces. A workload that names none is in its provider's, else in
            `default`. Default: all.

    Returns:
        A context manager, whose `with` statement declares a PrePullDaemonSet and returns it. The component can be used
        after the block too. If the block ends with an exception, neither the component nor a workload of the block is
        deployed, and the program fails.

    Raises:
        PrePullArgumentError: an argument is wrong, the block is entered a second time, or there is no stack. The
            program fails later if the block has no workload, if a workload's image is not an image reference, or if an
            image is not known within `timeout`.

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
    lineage = _LINEAGES[args.resource] = (*around, args.name)
    block = _OPEN.get()
    gate = block.gate_of(args, lineage) if block else None
    if gate is None:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=gate))
    return pulumi.ResourceTransformationResult(args.props, opts)


class _Block(AbstractContextManager[PrePullDaemonSet]):
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
        self._is_entered = False
        self._loop = _running_loop()

    def __enter__(self) -> PrePullDaemonSet:
        if self._is_entered:
            raise PrePullArgumentError(f"{self._owner}: entered a second time; call prepull_stack for each block")
        self._is_entered = True
        _register(self._owner, self._opts)
        # The value is used only after the component has checked it.
        timeout = self._args.get("timeout")
        limit = _DEFAULT_TIMEOUT if timeout is None else timeout
        self._collection = Collection(self._owner, str(self._selection), self._args.get("images"), limit)
        args = cast(PrePullDaemonSetArgs, {**self._args, "images": self._collection.images})
        try:
            self._component = PrePullDaemonSet(self._name, args, self._opts)
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
        self._collection.close(error)

    def gate_of(self, args: pulumi.ResourceTransformationArgs, lineage: Sequence[str]) -> Any:
        """Collect the images of a resource, and return what it must wait for; None if it does not wait."""
        ours = isinstance(args.opts.parent, PrePullDaemonSet)
        exists = args.opts.id is not None or args.opts.urn is not None
        if ours or exists or not self._selection.has_name(lineage):
            return None
        if declares_later(args.type_):
            self._collection.await_children(args.resource)
        if not has_images(args.type_):
            return None
        images, name = self._selection.images(args), title(args.type_, args.name)
        if self._collection.is_complete:
            both = pulumi.Output.all(images, self._collection.images)
            return both.apply(lambda known: self._late(name, *known))
        self._collection.add(name, images)
        # Without patterns for namespaces, the workload always waits, even if a preview does not know its images.
        return images.apply(self._gate) if self._selection.by_namespace else self._component

    def _late(self, name: str, images: Sequence[str], known: Sequence[str]) -> list[pulumi.Resource]:
        if missing := [image for image in images if image not in known]:
            raise pulumi.RunError(
                f"{self._owner}: {name} was declared when the block's list of images was complete already, and runs "
                f"{', '.join(missing)}; add that to images, declare the workload outside of apply(), or name it in "
                "exclude"
            )
        return self._gate(images)

    def _gate(self, images: Sequence[str]) -> list[pulumi.Resource]:
        return [self._component] if images else []

    def __repr__(self) -> str:
        return f"<{self._owner}, which is a block: write `with prepull_stack({self._name!r}, …) as images:`>"

    def __del__(self) -> None:
        # Otherwise nobody would notice a call without `with`. Each program in a process has a loop of its own.
        if not self._is_entered and self._loop is not None and self._loop is _running_loop():
            failure: Any = _fail(f"{self!r} was never entered, and so nothing waits for its images")
            pulumi.Output.from_input(failure)


async def _fail(message: str) -> None:
    raise pulumi.RunError(message)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


_OPEN: ContextVar[_Block | None] = ContextVar("prepull_stack", default=None)
_LINEAGES: WeakKeyDictionary[pulumi.Resource, tuple[str, ...]] = WeakKeyDictionary()
"""For every resource that the transformation has seen: its name, after the names of all resources around it."""


def _register(owner: str, opts: pulumi.ResourceOptions | None) -> None:
    if pulumi.runtime.get_root_resource() is not None:
        pulumi.runtime.register_stack_transformation(prepull_transformation)
    elif opts is None or opts.parent not in _LINEAGES:
        raise PrePullArgumentError(
            f"{owner}: there is no stack here; call it in a Pulumi program. In a component of a provider, give the "
            "component transformations=[prepull_transformation], and the block opts with the component as parent"
        )
