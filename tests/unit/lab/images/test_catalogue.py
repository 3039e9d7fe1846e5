from pathlib import Path

from prepull import defaults

from lab.checkout import Checkout
from lab.console import Console
from lab.docker.engine import Engine
from lab.docker.upstream import Upstream
from lab.images.catalogue import Catalogue
from lab.sources.download import Releases
from lab.sources.workshop import Workshop
from lab.versions import chosen


def test_the_registry_has_every_default_image_where_a_mirror_has_it(tmp_path: Path) -> None:
    engine = Engine(Path("docker"), {})
    workshop = Workshop.of(Checkout(tmp_path), Console())
    offers = Catalogue(engine, Upstream(engine, Releases()), workshop, chosen({})).offers()

    there = {offer.upstream: f"{offer.repository}:{offer.tag}" for offer in offers}
    for name, image in vars(defaults).items():
        if name.endswith("_IMAGE"):
            assert there[image] == image.partition("/")[2], name
