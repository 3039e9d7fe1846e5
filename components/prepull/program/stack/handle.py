"""What a block returns: the component whose children are one DaemonSet for each placement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import pulumi

from ...arguments import kubernetes
from ...arguments.check import complaints_of, message
from ...arguments.readers import InvalidValueError
from ...images.placements import EVERYWHERE, UNTAINTED, Placement
from ...images.workloads import unique
from ...plan import EVERY_TAINT
from ..component import OUTPUTS, TYPE, PrePullDaemonSet
from ..deployment import Deployment, deploy
from ..images_of import Placed
from ..settings import Settings, decide, is_known, plain, resolved

T = TypeVar("T")

_PLACING = ("node_selector", "affinity", "tolerations")


class _Part(NamedTuple):
    """What is declared for a placement, and the arguments that select its nodes."""

    declared: Deployment | PrePullDaemonSet
    placing: Mapping[str, Any]


class PrePullStack(PrePullDaemonSet):
    """The component of a block of prepull_stack; the block makes it, and a program only uses it.

    It is a PrePullDaemonSet whose outputs sum up all placements: `images` are those of all, `ready_nodes` and
    `desired_nodes` count a node once for each placement that it is in, and `daemon_set_name` is that of the first.
    What depends on it waits for every placement that is known by then; charts may add some later, for which an output
    waits, such as `ready_nodes`.
    """

    placements: pulumi.Output[list[dict[str, Any]]]
    """Which images go where. For each placement `name` (of its component), `title` (the nodes in words),
    `node_selector`, `affinity`, `tolerations` and `images`."""

    def __init__(
        self, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None, lists: pulumi.Output[Placed]
    ) -> None:
        """Declare the component, without a DaemonSet yet.

        Args:
            name: the block's name.
            args: the block's arguments.
            opts: the block's resource options.
            lists: the images by their placements, which are known later.

        Raises:
            PrePullArgumentError: an argument is wrong.
        """
        decide(name, args)
        # A component of this type, which declares its children as their placements are seen.
        pulumi.ComponentResource.__init__(self, TYPE, name, {}, opts)
        self._name = name
        self._args = args
        self._lists = lists
        self._parts: dict[Placement, _Part] = {}
        self.daemon_set_name = self._of_first(lambda part: part.daemon_set_name)
        self.namespace = self._of_first(lambda part: part.namespace)
        self.images = self._of_all(lambda part: part.images, _together)
        self.ready_nodes = self._of_all(lambda part: part.ready_nodes, sum)
        self.desired_nodes = self._of_all(lambda part: part.desired_nodes, sum)
        self.placements = lists.apply(lambda known: pulumi.Output.all(*map(self._described, self._in_order(known))))
        self.register_outputs({field: getattr(self, field) for field in (*OUTPUTS, "placements")})

    def needs(self, placement: Placement) -> Sequence[pulumi.Resource]:
        """What the workloads of a placement must wait for. The first call for a placement declares its DaemonSet."""
        declared = self._part(placement).declared
        return declared.resources if isinstance(declared, Deployment) else [declared]

    def _part(self, placement: Placement) -> _Part:
        if placement not in self._parts:
            name, images = self._name_of(placement), self._lists.apply(lambda lists: self._listed(lists, placement))
            placing = self._placing(placement)
            args: Any = {**self._args, **placing, "images": images}
            declared = (
                # The names, and so the URNs, of a block whose workloads name no nodes are those of a single component.
                deploy(self, name, Settings.of(name, args))
                if placement == UNTAINTED
                else PrePullDaemonSet(name, args, pulumi.ResourceOptions(parent=self))
            )
            self._parts[placement] = _Part(declared, placing)
        return self._parts[placement]

    def _name_of(self, placement: Placement) -> str:
        return self._name if placement == UNTAINTED else f"{self._name}-{placement.slug}"

    def _placing(self, placement: Placement) -> dict[str, Any]:
        """The arguments that select the nodes of a placement, among those that the user gave."""
        given = {key: self._args[key] for key in _PLACING if self._args.get(key) is not None}
        if is_known(given):
            return placement.arguments(_readable(plain(given)))

        def read(known: Mapping[str, Any]) -> Mapping[str, Any]:
            if complaints := complaints_of(known):
                raise pulumi.RunError(message(self._name, complaints))
            return placement.arguments(_readable(known))

        later = resolved(given).apply(read)
        return {key: later.apply(partial(_get, key)) for key in _PLACING}

    def _listed(self, lists: Placed, placement: Placement) -> Sequence[str]:
        if images := lists.get(placement):
            return images
        raise pulumi.RunError(
            f"prepull_stack '{self._name}': no workload that runs on {placement.title} has an image to pull; warnings "
            "name the workloads that are left out; name these in exclude"
        )

    def _in_order(self, lists: Placed) -> list[Placement]:
        first = [placement for placement in (EVERYWHERE, UNTAINTED) if placement in lists]
        return [*first, *sorted(set(lists) - set(first), key=lambda placement: placement.slug)]

    def _of_first(self, field: Callable[[Any], pulumi.Output[T]]) -> pulumi.Output[T]:
        return self._lists.apply(lambda lists: field(self._part(self._in_order(lists)[0]).declared))

    def _of_all(
        self, field: Callable[[Any], pulumi.Output[Any]], together: Callable[[Sequence[Any]], T]
    ) -> pulumi.Output[T]:
        def read(lists: Placed) -> pulumi.Output[T]:
            fields = [field(self._part(each).declared) for each in self._in_order(lists)]
            return pulumi.Output.all(*fields).apply(together)

        return self._lists.apply(read)

    def _described(self, placement: Placement) -> pulumi.Output[dict[str, Any]]:
        declared, placing = self._part(placement)
        parts: dict[str, Any] = {
            "name": self._name_of(placement),
            "title": placement.title,
            "node_selector": placing.get("node_selector", {}),
            "affinity": placing.get("affinity", {}),
            "tolerations": placing.get("tolerations", list(EVERY_TAINT)),
            "images": declared.images,
        }
        return pulumi.Output.from_input(parts)


def _together(lists: Sequence[Sequence[str]]) -> list[str]:
    """The images of all placements. Those for every node are first, as the user listed them."""
    first, *others = lists
    return unique([*first, *sorted(set(chain.from_iterable(others)))])


def _get(key: str, made: Mapping[str, Any]) -> Any:
    return made.get(key)


def _readable(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with the affinity in the API's names; a wrong one is left for the component's check to refuse."""
    try:
        return {**given, "affinity": kubernetes.affinity(given["affinity"])} if "affinity" in given else dict(given)
    except InvalidValueError:
        return dict(given)
