"""The lists of images that are measured, the forms, and hearing of arrivals."""

from __future__ import annotations

import pytest

from bench.compared.forms import FORMS, Cluster
from bench.compared.image_sets import ImageSet
from bench.instruments.arrivals import Arrivals, image_of, moment_of
from bench.scenarios.pull import is_clear

CREATED = '2026-01-02 03:04:05.678 +0000 UTC k8s.io /images/create {"name":"registry:5000/a:v1","labels":{"k":"v"}}'
LABELLED = CREATED.replace("create", "update")
REMOVED = CREATED.replace("create", "delete")
STARTED = '2026-01-02 03:04:05.678 +0000 UTC k8s.io /tasks/start {"container_id":"1","pid":2}'


@pytest.mark.parametrize("text", ["8x40MB", "1x200MB", "10x10MB+100MB"])
def test_a_list_of_images_is_written_as_it_is_read(text: str) -> None:
    assert str(ImageSet.parse(text)) == text


@pytest.mark.parametrize("text", ["", "8x", "0x40MB", "8x40", "8x40MB+", "8 x 40 MB"])
def test_what_is_no_list_of_images_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="write 8x40MB"):
        ImageSet.parse(text)


def test_images_that_share_a_layer_say_so() -> None:
    assert ImageSet.parse("10x10MB+100MB").title == "10 images of 10 MB that share 100 MB"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_every_image(form: str) -> None:
    images = ["registry:5000/a:v1", "registry:5000/b:v1"]

    made = str(FORMS[form](Cluster("here", images, ["node-1", "node-2"])))

    assert all(image in made for image in images)


def test_kube_fledged_makes_a_job_for_each_image_and_node() -> None:
    form = next(made for name, made in FORMS.items() if "kube-fledged" in name)

    assert len(form(Cluster("here", ["a:1", "b:1", "c:1"], ["node-1", "node-2"]))) == 6


@pytest.mark.parametrize(
    ("line", "image"),
    [(CREATED, "registry:5000/a:v1"), (LABELLED, "registry:5000/a:v1"), (REMOVED, None), (STARTED, None), ("", None)],
)
def test_an_arrival_is_told_from_other_events(line: str, image: str | None) -> None:
    assert image_of(line) == image


def test_an_event_is_dated_by_the_node_and_not_by_when_it_was_read() -> None:
    assert moment_of(CREATED) == pytest.approx(1767323045.678)
    assert moment_of(CREATED.replace("05.678", "05")) == 1767323045


def test_the_node_that_is_last_tells_when_its_containers_started() -> None:
    heard = Arrivals(["node-1", "node-2"])
    heard.note("node-1", STARTED)
    heard.note("node-1", CREATED)
    heard.note("node-2", STARTED.replace("05.678", "06"))
    heard.note("node-2", CREATED.replace("05.678", "07"))

    assert heard.last(["registry:5000/a:v1"]) == (1767323047, (1767323046,))


def test_images_are_there_once_the_last_node_has_the_last() -> None:
    heard = Arrivals(["node-1", "node-2"])
    heard.note("node-1", CREATED)

    with pytest.raises(TimeoutError, match="node-2"):
        heard.wait(["registry:5000/a:v1"], 0)

    heard.note("node-2", CREATED)
    assert heard.wait(["registry:5000/a:v1"], 0) > 0


def test_what_was_forgotten_has_to_come_again() -> None:
    heard = Arrivals(["node-1"])
    heard.note("node-1", CREATED)
    heard.forget()

    with pytest.raises(TimeoutError):
        heard.wait(["registry:5000/a:v1"], 0)


@pytest.mark.parametrize(
    ("figures", "limits", "clear"),
    [([13.0], [3.0], True), ([13.0], [3.0, 9.0], True), ([9.0], [3.0], False), ([], [3.0], False), ([9.0], [], False)],
)
def test_a_form_that_is_far_behind_the_limit_is_measured_once(
    figures: list[float], limits: list[float], clear: bool
) -> None:
    assert is_clear(figures, limits) is clear
