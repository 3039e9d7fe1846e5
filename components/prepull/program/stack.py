"""One line for a whole stack: every workload that is declared after it waits until its images are on every node.

Pulumi has no hook for "before everything else", so this is made of three things that it has:

- A transformation runs within each resource's constructor, and sees the inputs as they were written. (The newer
  transforms run in the engine, which hears of a resource only once all that it waits for is there: a workload that
  waits for another one would be heard of after the first was to start.)
- What a transformation adds to `depends_on` may be an output, so that it can wait for what is decided later.
- An output may be resolved by a coroutine: here, by one that goes on when the program has declared everything.

A workload is no dependency of the list, since its image is taken from its inputs: it can wait for what the list makes.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from types import FrameType
from typing import Any, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource, register_stack_transformation
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor
from pulumi.runtime.stack import Stack, run_pulumi_func

from .. import durations
from . import charts, cycles
from .args import PrePullDaemonSetArgs
from .component import PrePullDaemonSet
from .errors import PrePullArgumentError
from .images_of import is_workload, of_inputs, of_rendered, pruned, title

_POLL_SECONDS = 0.05
# A build of an image takes longer than that; something that waits for itself should not take much longer.
_PATIENCE_SECONDS = 15.0
_DEFAULT_TIMEOUT = "30m"

# Their children are declared by this program, once it has been told what they are.
_DECLARED_LATER = (
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:kustomize:Directory",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml:ConfigGroup",
)


def prepull_stack(
    name: str,
    args: PrePullDaemonSetArgs | None = None,
    opts: pulumi.ResourceOptions | None = None,
    *,
    names: str | Sequence[str] = "*",
    exclude: str | Sequence[str] = (),
    namespaces: str | Sequence[str] | None = None,
) -> PrePullDaemonSet:
    """A PrePullDaemonSet with the images of all workloads that are declared after it, which wait for it.

    Workloads are Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs, and what Helm charts and
    releases, `ConfigFile`, `ConfigGroup` and Kustomize directories have of them. Neither their images nor `depends_on`
    have to be written anywhere. An image may be an output, of a build for example.

    Args:
        name: the component's name.
        args: its arguments. `images` are added to those that are found. `timeout` also limits the wait for all images
            to be known.
        opts: its resource options.
        names: patterns such as `web-*` for the Pulumi name of a workload, or of a component or chart that it is within.
            Default: all.
        exclude: patterns for those that are left alone: neither pulled for nor kept waiting. What the nodes or the
            images themselves need belongs here: network, storage and device plugins, a registry within the cluster.
        namespaces: Kubernetes namespaces. A workload that names none is in its provider's, else in `default`.
            Default: all.

    Returns:
        The component.

    Raises:
        PrePullArgumentError: the workloads include one that was declared before. The program also fails, as soon as
            that is known, where there is no such workload, where an image is not one, and where it can be known only
            once a workload is there that waits for it.

    Example:
        >>> prepull_stack("images", exclude=["cilium", "registry"])
        >>> k8s.apps.v1.Deployment("web", …)
    """
    given: dict[str, Any] = dict(args or {})
    selection = _Selection(_patterns(names), _patterns(exclude), None if namespaces is None else _patterns(namespaces))
    if early := _declared_before(selection):
        raise PrePullArgumentError(
            f"prepull_stack '{name}': declared too late for {', '.join(early)}, which cannot wait any more; "
            "declare it before them, or name them in exclude"
        )
    collector = _Collector(name, selection, given.get("images"), given.get("timeout") or _DEFAULT_TIMEOUT)
    component = PrePullDaemonSet(name, cast(PrePullDaemonSetArgs, {**given, "images": collector.images}), opts)
    # After the component, whose own pods wait for nothing.
    collector.collect_for(component)
    return component


class _Selection:
    """Which workloads: by the names of the resource and of those around it, and by namespace."""

    def __init__(self, names: Sequence[str], exclude: Sequence[str], namespaces: Sequence[str] | None) -> None:
        self._names = names
        self._exclude = exclude
        self._namespaces = namespaces

    @property
    def by_namespace(self) -> bool:
        """Whether the namespace decides."""
        return self._namespaces is not None

    def has_name(self, lineage: Iterable[str]) -> bool:
        """Whether it is one of those, by its own name and the names around it."""
        # Children of charts have their namespace before their name.
        names = {part for name in lineage for part in (name, name.rpartition("/")[2])}
        return _match(names, self._names) and not _match(names, self._exclude)

    def has_namespace(self, namespace: str | None) -> bool:
        """Whether it is in one of those."""
        return self._namespaces is None or _match([namespace or "default"], self._namespaces)

    def __str__(self) -> str:
        exclude = f" and exclude={list(self._exclude)}" if self._exclude else ""
        namespaces = "" if self._namespaces is None else f" in namespaces={list(self._namespaces)}"
        return f"with names={list(self._names)}{exclude}{namespaces}"


class _Collector:
    """Sees every resource that is declared, takes the images of some, and makes these wait for the component."""

    def __init__(self, name: str, selection: _Selection, listed: Any, timeout: Any) -> None:
        self._name = f"prepull_stack '{name}'"
        self._selection = selection
        self._listed = pulumi.Output.from_input(listed)
        self._timeout = timeout
        self._monitor = get_monitor()
        self._program = _Program()
        self._lineages: WeakKeyDictionary[pulumi.Resource, tuple[str, ...]] = WeakKeyDictionary()
        self._inputs: WeakKeyDictionary[pulumi.Resource, tuple[Any, ...]] = WeakKeyDictionary()
        self._unfolding: list[pulumi.Resource] = []
        self._found: dict[pulumi.Resource, pulumi.Output[list[str]]] = {}
        self._complete = False
        self._component: PrePullDaemonSet | None = None
        later: Any = self._settled()
        self.images: pulumi.Output[list[str]] = pulumi.Output.from_input(later)

    def collect_for(self, component: PrePullDaemonSet) -> None:
        """Begin: from now on resources are seen, and wait for the component."""
        self._component = component
        register_stack_transformation(self._transformation)

    def _transformation(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        # Programs that are tested one after another share a stack.
        if get_monitor() is not self._monitor:
            return None
        resource, opts = args.resource, args.opts
        self._inputs[resource] = (args.props, opts.depends_on, opts.provider)
        around = self._lineages.get(opts.parent, ()) if opts.parent else ()
        self._lineages[resource] = (*around, args.name)
        ours = isinstance(opts.parent, PrePullDaemonSet)
        exists = opts.id is not None or opts.urn is not None
        if ours or exists or not self._selection.has_name(self._lineages[resource]):
            return None
        if args.type_ in _DECLARED_LATER:
            self._unfolding.append(resource)
        if not _has_images(args.type_):
            return None
        gate = pulumi.ResourceOptions(depends_on=self._take(args))
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(opts, gate))

    def _take(self, args: pulumi.ResourceTransformationArgs) -> Any:
        """Note the images of a resource, and say what it has to wait for."""
        images: pulumi.Output[list[str]] = (
            _namespace(args).apply(lambda namespace: self._images(args, namespace))
            if self._selection.by_namespace
            else self._images(args, None)
        )
        if self._complete:
            name = title(args.type_, args.name)
            return pulumi.Output.all(images, self.images).apply(lambda both: self._late(name, *both))
        self._found[args.resource] = images
        # Where the namespace does not decide, it is certain, in a preview as well.
        return images.apply(self._awaited) if self._selection.by_namespace else self._component

    def _images(self, args: pulumi.ResourceTransformationArgs, namespace: str | None) -> pulumi.Output[list[str]]:
        chosen = self._selection.has_namespace
        if args.type_ in charts.RENDERED:
            options = pulumi.InvokeOptions(parent=args.opts.parent, provider=_provider(args))
            inputs = cast(Mapping[str, Any], args.props)
            return of_rendered(args.type_, args.name, inputs, options, lambda own: chosen(own or namespace))
        return of_inputs(args.props if chosen(namespace) else {}, title(args.type_, args.name))

    def _awaited(self, images: Sequence[str]) -> list[pulumi.Resource]:
        return [self._component] if images and self._component else []

    def _late(self, name: str, images: Sequence[str], known: Sequence[str]) -> list[pulumi.Resource]:
        if missing := [image for image in images if image not in known]:
            raise pulumi.RunError(
                f"{self._name}: {name} was declared when the list of images was complete already, and runs "
                f"{', '.join(missing)}; write that in images, declare it outside of apply(), or name it in exclude"
            )
        return self._awaited(images)

    async def _settled(self) -> pulumi.Output[list[str]]:
        """The list, once everything is declared and every image is known."""
        while self._program.runs():
            await asyncio.sleep(_POLL_SECONDS)
        if self._program.error is not None:
            # What follows from it, a list that is too short, is neither to be deployed nor to be shown in its place.
            raise _shown(self._program.error)
        while self._unfolding:
            unfolded = getattr(self._unfolding.pop(), "resources", None)
            if isinstance(unfolded, pulumi.Output):
                await unfolded.future()
        self._complete = True
        if self._component is None:
            # Its arguments were wrong, and the program went on all the same.
            return pulumi.Output.from_input([])
        images = pulumi.Output.all(self._listed, *self._found.values()).apply(lambda known: self._together(*known))
        await self._known(images)
        return images

    def _together(self, listed: Any, *found: Sequence[str]) -> Any:
        # Whatever is no list is for the component's own check to explain.
        if isinstance(listed, str) or not isinstance(listed or [], Sequence):
            return listed
        # Sorted, since children of charts are not always declared in the same order.
        images = [*(listed or []), *sorted(set(chain.from_iterable(found)))]
        if not images:
            raise pulumi.RunError(
                f"{self._name}: the stack has no workload {self._selection} that is declared after it; "
                "choose others, or write images"
            )
        return images

    async def _known(self, images: pulumi.Output[list[str]]) -> None:
        """Wait until the list is known, but neither for what waits for the list itself, nor for ever."""
        limit = durations.parse(self._timeout) / 1000
        waited, told = 0.0, False
        awaited = asyncio.ensure_future(images.future())
        while True:
            done, _ = await asyncio.wait({awaited}, timeout=min(_PATIENCE_SECONDS, limit - waited))
            if done:
                return
            waited += _PATIENCE_SECONDS
            pending = [resource for resource, each in self._found.items() if not _is_done(each)]
            for resource in pending:
                if way := cycles.way_to(self._found, self._found[resource], self._inputs):
                    raise pulumi.RunError(self._circle(resource, way))
            names = ", ".join(_title(resource) for resource in pending) or "images"
            if waited >= limit:
                raise pulumi.RunError(
                    f"{self._name}: not known after {self._timeout} which images these run: {names}; if they wait for "
                    "a workload that waits for the images, name that in exclude"
                )
            if not told:
                pulumi.log.info(f"waits to know which images these run: {names}", self._component)
                told = True

    def _circle(self, resource: pulumi.Resource, way: Sequence[pulumi.Resource]) -> str:
        steps = [_title(each) for each in way]
        through = f" (by way of {', '.join(steps[:-1])})" if len(steps) > 1 else ""
        return (
            f"{self._name}: which image {_title(resource)} runs is known only once {steps[-1]} is there{through}, and "
            f"that waits for all images; name '{way[-1].pulumi_resource_name}' in exclude"
        )


class _Program:
    """Whether the program is still declaring resources.

    Its coroutines run when it has ended, but also while it waits for the answer to a call: then its own frame is below
    theirs.
    """

    def __init__(self) -> None:
        self._frame: FrameType | None = None
        self._runner: FrameType | None = None
        for frame in _frames():
            if frame.f_code is run_pulumi_func.__code__:
                self._runner = frame
                break
            if not str(frame.f_globals.get("__name__")).startswith("pulumi."):
                self._frame = frame

    def runs(self) -> bool:
        """Look whether it does."""
        # A program may be a coroutine itself, whose frame is nowhere while it waits: the stack's constructor is.
        running = any(frame is self._frame or frame.f_code is Stack.__init__.__code__ for frame in _frames())
        if not running:
            self._frame = None
        return running

    @property
    def error(self) -> Exception | None:
        """What ended it, if not its end; the SDK keeps it until nothing is under way any more."""
        error = self._runner.f_locals.get("ex") if self._runner else None
        return error if isinstance(error, Exception) else None


def _shown(error: Exception) -> Exception:
    """An error that the SDK shows as it would the given one, of which it no longer knows where it came from."""
    if isinstance(error, pulumi.RunError):
        return error
    return pulumi.RunError("".join(traceback.format_exception(type(error), error, error.__traceback__)))


def _frames() -> Iterator[FrameType]:
    frame = inspect.currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def _declared_before(selection: _Selection) -> list[str]:
    if get_root_resource() is None:
        raise PrePullArgumentError("prepull_stack: there is no stack here; call it in a Pulumi program")
    # What earlier tests have declared is still there.
    return [] if isinstance(get_monitor(), MockMonitor) else sorted(set(_early(selection)))


def _early(selection: _Selection) -> Iterator[str]:
    # Pulumi has a list neither of its resources nor of those around one.
    resources = [each for each in gc.get_objects() if issubclass(type(each), pulumi.Resource)]
    around = {child: each for each in resources for child in getattr(each, "_childResources", ())}
    for resource in resources:
        # What the SDK makes up for a resource of elsewhere has no type.
        type_ = vars(resource).get("_type", "")
        lineage = [resource]
        while lineage[-1] in around:
            lineage.append(around[lineage[-1]])
        ours = any(isinstance(each, PrePullDaemonSet) for each in lineage)
        unfolding = _has_images(type_) or type_ in _DECLARED_LATER
        named = selection.has_name([each.pulumi_resource_name for each in lineage])
        if unfolding and not ours and named and _is_of_this_run(resource):
            yield _title(resource)


def _is_of_this_run(resource: pulumi.Resource) -> bool:
    """Whether the program that runs now has declared it: with the Automation API, a process runs several in turn."""
    return _future(resource.urn.is_known()).get_loop() is asyncio.get_running_loop()


def _has_images(type_: str) -> bool:
    return is_workload(type_) or type_ in charts.RENDERED


def _provider(args: pulumi.ResourceTransformationArgs) -> pulumi.ProviderResource | None:
    given = args.opts.providers
    listed = list(given.values()) if isinstance(given, Mapping) else list(given or [])
    for provider in (*([args.opts.provider] if args.opts.provider else []), *listed):
        if provider.package == "kubernetes":
            return provider
    return args.opts.parent.get_provider(args.type_) if args.opts.parent else None


def _namespace(args: pulumi.ResourceTransformationArgs) -> pulumi.Output[Any]:
    props = cast(Mapping[str, Any], args.props)
    # That of a chart is an input of its own.
    own = props if args.type_ in charts.RENDERED else props.get("metadata")
    default = getattr(_provider(args), "namespace", None) or pulumi.Config("kubernetes").get("namespace")
    found = pulumi.Output.from_input(pruned(own or {}, {"namespace": None}))
    return found.apply(lambda known: known.get("namespace") or default)


def _title(resource: pulumi.Resource) -> str:
    return title(resource.pulumi_resource_type, resource.pulumi_resource_name)


def _is_done(output: pulumi.Output[Any]) -> bool:
    return _future(output.is_known()).done()


def _future(known: Any) -> asyncio.Future[bool]:
    return cast("asyncio.Future[bool]", known)


def _patterns(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(value)


def _match(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
