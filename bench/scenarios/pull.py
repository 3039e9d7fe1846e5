"""The time until every image is on every node: this component compared with alternatives.

Rounds of the forms are interleaved, so that other load of the machine affects all forms. Before each round, images are
removed and blobs pruned. The time starts when the first object is sent to the API server, or when the nodes are told to
pull. It ends when the runtime of the last node has the last image. It never includes the start of a client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.compared import crictl_image
from bench.compared.forms import COLD_FORMS, CRICTL_IMAGE, FORMS, HELPERS, LIMIT, LIMIT_HELPERS, Cluster, Form
from bench.instruments import registry_log
from bench.instruments.api import NAMESPACE, Api
from bench.instruments.arrivals import Arrivals, arrivals
from bench.instruments.clean import clean, fetch
from bench.instruments.shells import told_to_pull
from bench.report.results import Comparison
from bench.scenarios.turns import turn
from lab import LabError

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

DEADLINE_SECONDS = 600
CLEAR_RATIO = 4


def measure(
    lab: Lab, images: ImageSet, *, rounds: int, cold: bool, only: Sequence[str], say: Callable[[str], None]
) -> Iterator[Comparison]:
    """Measure each form, and yield the results after each round, in case later rounds fail.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        rounds: number of rounds. A form that takes more than four times the limit is measured once.
        cold: remove the forms' own images from the nodes too.
        only: measure only forms with one of these words in their names. Empty: all forms.
        say: called with a message for each round.
    """
    measured = COLD_FORMS if cold else FORMS
    forms = {form: made for form, made in measured.items() if not only or any(word in form for word in only)}
    with arrivals(lab) as heard:
        yield from Pull(lab, images, heard, forms, cold=cold).run(rounds, say)


class Pull:
    """Rounds with one list of images. Each round starts with clean nodes.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        heard: hears of the images on its nodes.
        forms: the forms to measure, beside the limit.
        cold: remove the forms' own images from the nodes too.
    """

    def __init__(
        self, lab: Lab, images: ImageSet, heard: Arrivals, forms: Mapping[str, Form] = FORMS, *, cold: bool
    ) -> None:
        self._forms = forms
        self._lab = lab
        self._set = images
        self._references = images.push(lab)
        self._heard = heard
        self._cold = cold
        self._began = 0.0
        self._api = Api(lab)
        self._nodes = lab.cluster.base_nodes
        self.name = f"{images}-{'cold' if cold else 'warm'}"
        self.title = f"{images.title}, {'helper images pulled as well' if cold else 'helper images there'}"

    def run(self, rounds: int, say: Callable[[str], None], *, warm_up: int = 2) -> Iterator[Comparison]:
        """Run the rounds; see `measure`. Before them, so many forms run once to warm up."""
        forms = [LIMIT, *self._forms]
        seconds: dict[str, list[float]] = {form: [] for form in forms}
        with self.ready():
            for form in forms[:warm_up]:
                say(f"to warm up: {self.once(form):6.2f} s  {form}")
            for number in range(rounds):
                for form in turn(forms, number):
                    if is_clear(seconds[form], seconds[LIMIT]):
                        continue
                    took = self.once(form)
                    say(f"round {number + 1} of {rounds}: {took:6.2f} s  {form}")
                    seconds[form].append(took)
                yield self._result(seconds)

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Prepare the lab for rounds in the block, and clean up after it."""
        if self._cold:
            crictl_image.push(self._lab)
        else:
            fetch(self._lab, HELPERS)
        with self._api.namespace():
            yield
        self._clean()

    def once(self, form: str) -> float:
        """The seconds of one round of a form."""
        self._clean()
        return self._from_nothing(form)

    def parts(self, form: str) -> tuple[float, float, float]:
        """Seconds from apply to the start of the pod's sandbox, from there to its first container, and to the end.

        All values are from one round, on the node that gets its last image last.
        """
        self.once(form)
        last, (sandbox, puller, *_) = self._heard.last(self._references)
        return sandbox - self._began, puller - sandbox, last - puller

    def _result(self, seconds: dict[str, list[float]]) -> Comparison:
        return Comparison(
            name=f"pull-{self.name}",
            title=self.title,
            unit="s",
            base=LIMIT,
            rounds=seconds,
        )

    def _from_nothing(self, form: str) -> float:
        since = registry_log.now()
        took = self._limit() if form == LIMIT else self._form(form)
        sent = registry_log.megabytes(registry_log.read(self._lab, since, self._set.repository))
        needed = self._set.total_megabytes * len(self._nodes)
        if sent < needed:
            raise LabError(
                f"The registry sent {sent:.0f} MB for '{form}', and empty nodes need {needed} MB: something of them "
                "was there already, and the figures would not be true. Run `make down`, then measure again."
            )
        return took

    def _limit(self) -> float:
        wanted = [*self._references, *(LIMIT_HELPERS if self._cold else ())]
        with told_to_pull(self._lab, self._nodes, wanted) as start:
            return self._timed(start, wanted)

    def _form(self, form: str) -> float:
        manifests = self._forms[form](Cluster(NAMESPACE, self._references, self._nodes))
        with self._api.removed_after(manifests):
            took = self._timed(lambda: self._api.create(manifests), self._references)
        self._api.wait_until_empty()
        return took

    def _timed(self, start: Callable[[], object], wanted: Sequence[str]) -> float:
        self._heard.forget()
        self._began = time.time()
        start()
        return self._heard.wait(wanted, DEADLINE_SECONDS) - self._began

    def _clean(self) -> None:
        clean(self._lab, [*self._references, *((*HELPERS, CRICTL_IMAGE) if self._cold else ())])


def is_clear(figures: Sequence[float], limits: Sequence[float]) -> bool:
    """Whether a form is so slow that another round would only cost time, without new information."""
    return bool(figures and limits) and figures[0] > CLEAR_RATIO * limits[0]
