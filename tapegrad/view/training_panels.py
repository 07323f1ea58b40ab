"""The markup of the training page: courses side by side at one epoch, and the picture of one as a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from tapegrad.courses import Course, frame_at, state_at
from tapegrad.recording import Frame, scene_of
from tapegrad.view import curves, film_plane
from tapegrad.view.curves import HEIGHT, WIDTH
from tapegrad.view.film_panels import (
    Decades,
    curve_panels,
    curve_pictures,
    layer_panel,
    measures,
    number_list,
    numbers,
    unit_panel,
)
from tapegrad.view.film_script import STYLE as FILM_STYLE
from tapegrad.view.page import LIGHT
from tapegrad.view.svg import clean

__all__ = ["STYLE", "panels", "picture"]

DECADES: Final[Decades] = (-6, 2)  # of all bars of gradients, so that they can be compared over epochs and seeds

STYLE: Final = (
    FILM_STYLE
    + """
.courses { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); gap: 1rem 1.5rem; }
.course { min-width: 0; }
.course > h2 { margin: 0; }
.course .terms { gap: .2rem 1rem; padding-bottom: .6rem; border-bottom: 1px solid var(--rule); }
.courses.many .panels { grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); }
.courses.many .panels > .stack:last-child { display: contents; }
.courses.many :is(th, td) { padding-left: .2rem; padding-right: .2rem; overflow-wrap: break-word; }
.courses.many td.wide { width: 30%; }
.course > .complaint { margin-top: .6rem; color: var(--ink); }
.of-plane { max-width: 34rem; margin: auto; }
"""
)


def panels(courses: Sequence[Course], epoch: int, colours: Mapping[str, str]) -> str:
    """Each course as it was at the end of this epoch, in the colours of its ground."""
    many = " many" if len(courses) > 1 else ""
    drawn = "".join(_course(course, epoch, colours, f"course-{at}-") for at, course in enumerate(courses))
    return f'<div class="courses{many}">{drawn}</div>'


def _course(course: Course, epoch: int, colours: Mapping[str, str], place: str) -> str:
    job, frame = course.job, frame_at(course, epoch)
    at = frame.row.epoch
    ended = f'<p class="complaint" role="alert">{clean(course.divergence)}</p>' if course.divergence else ""
    return (
        f'<section class="course"><h2>Seed {job.seed}</h2>{number_list(job, frame.row, place)}{ended}'
        f'<div class="panels">{_plane_panel(course, frame, colours)}'
        f'<div class="stack">{curve_panels(job, course.log, 0, course.epoch, at)}</div>'
        f'<div class="stack">{layer_panel(job, frame, DECADES, place)}{unit_panel(frame, place)}</div>'
        "</div></section>"
    )


def _plane_panel(course: Course, frame: Frame, colours: Mapping[str, str]) -> str:
    scene, job = scene_of(course.job), course.job
    if scene is None or frame.seen is None:
        return ""
    drawn = film_plane.picture(scene, frame.seen, colours)
    return film_plane.plane_panel(drawn, job.target.classes, len(job.scored), len(scene.points))


# ---- the picture as a file ----------------------------------------------------------------------

_MARGIN: Final = 12
_HEADING: Final = 46
_SHEET: Final = (
    curves.STYLE
    + film_plane.STYLE
    + """
text { font: 12px system-ui, sans-serif; fill: var(--faint); }
.heading { font-size: 16px; font-weight: 600; fill: var(--ink); }
"""
)


def picture(course: Course, epoch: int) -> str:
    """An SVG file of the course at the end of this epoch: the plane if there is one, and the curves."""
    job, frame, scene = course.job, frame_at(course, epoch), scene_of(course.job)
    drawn: list[tuple[str, str, int]] = [  # what it is called, itself, and its height
        (name, svg, HEIGHT)
        for name, (svg, _) in curve_pictures(job, course.log, 0, course.epoch, state_at(course, epoch).epoch).items()
    ]
    if scene is not None and frame.seen is not None:
        drawn.insert(0, ("", film_plane.picture(scene, frame.seen, LIGHT), film_plane.HEIGHT))
    parts, y = [], _HEADING
    for name, svg, height in drawn:
        if name:
            parts.append(f'<text x="{_MARGIN}" y="{y + 14}">{name}</text>')
            y += 20
        parts.append(svg.replace("<svg ", f'<svg x="{_MARGIN}" y="{y}" width="{WIDTH}" height="{height}" ', 1))
        y += height + _MARGIN
    said = [
        f"{name} {text}" for name, text in zip(measures(job).values(), numbers(job, frame.row).values(), strict=True)
    ]
    heading = clean(f"{job.name:.50}, seed {job.seed}")
    file = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 2 * _MARGIN} {y}" '
        f'width="{WIDTH + 2 * _MARGIN}" height="{y}"><style>{_SHEET}</style><rect width="100%" height="100%" '
        f'fill="var(--paper)"/><text class="heading" x="{_MARGIN}" y="22">{heading}</text>'
        f'<text x="{_MARGIN}" y="40">{clean(", ".join(said))}</text>{"".join(parts)}</svg>\n'
    )
    return re.sub(r"var\(--(\w+)\)", lambda name: LIGHT[name[1]], file)  # few viewers know CSS variables
