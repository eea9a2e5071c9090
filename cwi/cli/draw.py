"""Pictures of a year: the ranking, the map, scores on colours, ranks under draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cwi import folders
from cwi.cli.shared import SEED, Place, Seed, edition_at, working
from cwi.errors import ParameterError, near

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cwi.edition import Edition

__all__ = ["add_to"]

PICTURES = ("ranking", "map", "heatmap", "ranks", "intervals")
KINDS = ("svg", "png", "pdf")
OWN = {"node": ("map",), "boundaries": ("map",), "level": ("heatmap",)}  # options of some pictures only


def add_to(app: typer.Typer) -> None:
    """Add the command of this module to the command line."""
    app.command(
        epilog="Examples: cwi draw 2023 · cwi draw 2023 --what map --output map.png · cwi draw imported/ --what ranks"
    )(draw)


def _pictures(incomplete: str) -> list[str]:
    return [name for name in PICTURES if name.startswith(incomplete)]


def draw(
    place: Place,
    what: Annotated[
        str, typer.Option(help=f"The picture: {', '.join(PICTURES)}.", autocompletion=_pictures)
    ] = "ranking",
    output: Annotated[
        Path | None, typer.Option(help="The file, .svg, .png or .pdf; PICTURE-YEAR.svg by default.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language of the words: kk, ru or en.")] = "en",
    level: Annotated[str | None, typer.Option(help="Of heatmap: the level; that above the indicators.")] = None,
    node: Annotated[str | None, typer.Option(help="Of map: the node that is drawn; the index.")] = None,
    boundaries: Annotated[
        Path | None, typer.Option(help="Of map: GeoJSON with a property 'code'; the project's regions by default.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Of ranks and intervals: the number of draws.")] = 1000,
    seed: Seed = SEED,
) -> None:
    """Draw a picture of the scores of a year, or of how far its ranks depend on the choices that were made.

    'ranking' is a dot for the index of each region and signs for its parts, 'map' the index on the map, 'heatmap' the
    scores of a level as numbers on colours; 'ranks' shows how often each region has each rank in the draws and
    'intervals' which ranks hold 90 and 98 % of the draws.
    """
    if what not in PICTURES:
        raise ParameterError(f"there is no picture '{what}'{near(what, PICTURES)}")
    options = {"level": level, "node": node, "boundaries": boundaries}
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if what not in OWN[name]:
            raise ParameterError(f"--{name} is an option of {' and '.join(OWN[name])}; the picture is {what}")
    if output is not None and output.suffix.lstrip(".").lower() not in KINDS:
        raise ParameterError(f"{output.name}: the name of a picture ends in .svg, .png or .pdf")
    with working(f"drawing {place}"):
        from cwi.report.languages import Language
        from cwi.report.pictures.marks import stamp, status
        from cwi.report.pictures.style import saved
        from cwi.report.printer import status_word

        words = Language(language)

        edition = edition_at(place)
        axes = _drawn(edition, what, language, draws, seed, given)
        figure = axes.figure.get_figure(root=True)
        if edition.rehearsal:
            stamp(figure, words.text("rehearsal.mark"))
        elif word := status_word(edition, words):
            status(figure, word)
        target = Path(f"{what}-{edition.year}.svg") if output is None else output
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.new")
        try:
            aside.write_bytes(saved(figure, target.suffix.lstrip(".").lower()))
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    print(folders.relative(target))


def _drawn(edition: Edition, what: str, language: str, draws: int, seed: int, options: dict[str, Any]) -> Axes:
    """The axes of the picture, with the names of the regions in the language."""
    from cwi.report import plot

    territory = edition.territory
    names = {str(code): territory.name(str(code), language) for code in territory.regions.index}
    subject: Any = edition.scores
    if what in ("ranks", "intervals"):
        import numpy as np

        from cwi.analysis.uncertainty import prepare, simulate

        rng = np.random.default_rng(seed)
        subject = simulate(prepare(edition, rng=rng), draws=draws, rng=rng)
    axes: Axes = getattr(plot, what)(subject, edition.year, language=language, names=names, **options)
    return axes
