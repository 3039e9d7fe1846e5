"""The rules, as functions over the resources of a stack. No Pulumi."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from prepull.images import workloads
from prepull.images.left_out import items, mapping
from prepull.images.placements import Placement
from prepull.images.references import Reference, parse
from prepull.images.workloads import unique

from . import named
from .listing import Listing, listings
from .named import Named
from .resources import COMPONENT, Exceptions, Resource

_NOBODY = Exceptions()


class Finding(NamedTuple):
    """A resource that breaks a rule."""

    urn: str
    text: str
    """What is wrong, and what to write instead."""


@dataclass
class Findings:
    """What a rule says about a stack."""

    violations: list[Finding] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    """A line for each thing that the rule cannot judge: what a preview does not know yet, and what no policy sees."""


def pre_pulled(stack: Sequence[Resource], exceptions: Exceptions = _NOBODY) -> Findings:
    """Every image of a workload is listed by a PrePullDaemonSet whose pods run wherever the workload's may.

    Args:
        stack: the stack's resources.
        exceptions: the workloads that are not judged. Default: all are.
    """
    findings = Findings()
    classes = {str(mapping(each.props.get("metadata")).get("name")): each.props for each in stack if _is_class(each)}
    known = listings(stack, classes)
    for workload in judged(stack, exceptions, findings):
        if workload.component:
            continue
        if path := workload.unknown_placement:
            _postpone(findings, workload, path)
            continue
        here = [each for each in known if each.daemon_set.cluster == workload.cluster]
        for pod, found in workloads.read_pods(workload.props, workload.title, classes):
            for line in found.invalid:
                _add(findings, workload, line.partition(": ")[2])
            where = workloads.placement_of(pod, classes)
            covering = [each for each in here if each.covers(where)]
            images = [parse(image) for image in found.images]
            missing = [image for image in images if not any(each.pulls(image) for each in covering)]
            later = [each for each in here if each.daemon_set.unknown_list]
            if missing and later:
                _postpone(findings, later[0].component, str(later[0].daemon_set.unknown_list))
            elif missing:
                _add(findings, workload, _to_pull(missing, where, covering, here))
    return findings


def by_digest(stack: Sequence[Resource], exceptions: Exceptions = _NOBODY) -> Findings:
    """Every image is named by its digest: those that workloads run, those that a component lists, and its own.

    Args:
        stack: the stack's resources.
        exceptions: those that are not judged. Default: all are.
    """
    findings = Findings()
    for resource, image, argument in _images(stack, exceptions, findings):
        if image.digest is None:
            says = f"{_verb(argument)} {image}, and a tag may move; {_with_digest(stack, image, argument)}"
            _add(findings, resource, says)
    return findings


def from_registries(stack: Sequence[Resource], registries: Sequence[str], exceptions: Exceptions = _NOBODY) -> Findings:
    """Every image is from one of the registries.

    Args:
        stack: the stack's resources.
        registries: registries, with or without a path, in canonical form: `docker.io`, `quay.io/org`.
        exceptions: the resources that are not judged. Default: all are.
    """
    findings = Findings()
    for resource, image, argument in _images(stack, exceptions, findings):
        if not any(image.name.startswith(f"{registry}/") for registry in registries):
            copy = f"{registries[0]}/{str(image).partition('/')[2]}"
            says = (
                f"{_verb(argument)} {image}, which is from none of {', '.join(registries)}; copy the image "
                f"there and write {argument}: {_value(argument, copy)}, or add '{image.registry}' to registries"
            )
            _add(findings, resource, says)
    return findings


def _images(
    stack: Sequence[Resource], exceptions: Exceptions, findings: Findings
) -> Iterator[tuple[Resource, Reference, str]]:
    """Every image of a stack, with the resource that has it to answer for, and where it is written there."""
    for pods in judged(stack, exceptions, findings):
        owner = pods.component or pods
        found: Sequence[Named] = list(named.of_component(pods)) if pods.component else []
        if not pods.component:
            found, invalid = named.of_workload(pods)
            for line in invalid:
                _add(findings, pods, line.partition(": ")[2])
        for image, argument in dict.fromkeys(found):
            yield owner, image, argument


def judged(stack: Sequence[Resource], exceptions: Exceptions, findings: Findings) -> Iterator[Resource]:
    """The resources that run pods, and are not excepted. What cannot be judged is noted."""
    for resource in stack:
        if exceptions.hold(resource):
            continue
        if resource.is_opaque:
            findings.undecided.append(
                f"{resource.title}: a policy does not see what a release contains; "
                "declare it as kubernetes.helm.v4.Chart, or except it by its name"
            )
        if resource.runs_pods:
            if path := resource.unknown_image:
                _postpone(findings, resource.component or resource, path)
            yield resource


def _postpone(findings: Findings, resource: Resource, path: str) -> None:
    line = f"{resource.title}: {path} is not known yet; `pulumi up` judges it"
    if line not in findings.undecided:
        findings.undecided.append(line)


def _add(findings: Findings, resource: Resource, says: str) -> None:
    finding = Finding(resource.urn, f"{resource.title}: {says}")
    # The DaemonSet of a component is there twice once it has been read again.
    if finding not in findings.violations:
        findings.violations.append(finding)


def _to_pull(
    images: Sequence[Reference], where: Placement, covering: Sequence[Listing], here: Sequence[Listing]
) -> str:
    """What to write so that images are pulled where a workload runs."""
    names, written = ", ".join(map(str, images)), json.dumps([str(image) for image in images])
    pinned = [_pinned(image, [each.component for each in covering]) for image in images]
    if all(pinned):
        return f"runs {names}, and the nodes have it under its digest alone; write image: '{pinned[0]}'"
    if covering:
        title = covering[0].component.title
        return f"runs {names}, which no PrePullDaemonSet pulls there; add to images of {title}: {written}"
    # By default, a component tolerates every taint.
    arguments = {name: value for name, value in where.arguments().items() if name != "tolerations"}
    others = unique(each.component.title for each in here if any(map(each.pulls, images)))
    elsewhere = f" ({', '.join(others)} does so on other nodes)" if others else ""
    return (
        f"runs {names} on {where.title}, where no PrePullDaemonSet pulls it{elsewhere}; declare the workload in a "
        f"block of prepull_stack, or a PrePullDaemonSet with images: {written}"
        + "".join(f", {name}: {json.dumps(value)}" for name, value in arguments.items())
    )


def _is_class(resource: Resource) -> bool:
    return resource.type.startswith("kubernetes:node.k8s.io/") and resource.type.endswith(":RuntimeClass")


def _verb(argument: str) -> str:
    return "lists" if argument == "images" else "runs"


def _value(argument: str, image: str) -> str:
    return f"['{image}']" if argument == "images" else f"'{image}'"


def _with_digest(stack: Sequence[Resource], image: Reference, argument: str) -> str:
    """What to write in the place of a tag."""
    if argument == "images":
        return f"write pin_digests: true, or images: {_value(argument, f'{image}@sha256:…')}"
    if argument != "image":
        return f"write {argument}: '{image}@sha256:…'"
    if pinned := _pinned(image, stack):
        return f"write image: '{pinned}', as in the output images of the component that pins it"
    return f"write image: '{image}@sha256:…', which a component with pin_digests has in its output images"


def _pinned(image: Reference, stack: Sequence[Resource]) -> Reference | None:
    """The same image with its digest, from the outputs of the components of a stack."""
    outputs = [
        parse(text)
        for component in stack
        if component.type == COMPONENT
        for text in items(component.props.get("images"))
        if isinstance(text, str)
    ]
    same = (each for each in outputs if each.digest and (each.name, each.tag) == (image.name, image.tag))
    return None if image.digest else next(same, None)
