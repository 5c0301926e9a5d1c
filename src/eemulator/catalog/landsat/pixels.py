"""From a Landsat scene and pixel indices to values: the same land as Sentinel-2's, by day and sky.

Digital numbers, reflectances and temperatures of one scene agree with each other by the scales that
the data catalogue gives [S]; those of 8 bits and of thermal digital numbers are linear here, which
the real ones are nearly. The atmosphere's bands (`ST_ATRAN` and its like) are plausible, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from eemulator.catalog.afar import step
from eemulator.catalog.bands import Flags, flags, reflectance
from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.landsat.calibration import REFLECTANCE, THERMAL
from eemulator.catalog.mixing import Around, mix
from eemulator.catalog.plane import centres, to_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.landsat.missions import BandLayout, Family, Mission
    from eemulator.catalog.landsat.wrs import Swath
    from eemulator.catalog.mixing import Mixture
    from eemulator.catalog.model import Grid
    from eemulator.catalog.noise import Floats
    from eemulator.catalog.sun import SunPosition
    from eemulator.catalog.weather import Moment

f32 = np.float32

# QA_PIXEL of collection 2: clear land, then what takes its place, the last one on top [S].
_CLEAR, _WATER, _SHADOW, _CIRRUS, _CLOUD = 21824, 21952, 23888, 54596, 22280

_HEIGHT = 705_000.0


class Flight(Protocol):
    """When a scene was taken."""

    @property
    def moment(self) -> Moment:
        """What its weather depends on."""

    @property
    def sun(self) -> SunPosition:
        """Where the sun stood."""


@dataclass(frozen=True)
class LandsatPixels:
    """A scene; calling it samples it (see `model.Sampler`).

    Attributes:
        layouts: of its bands, by name.
        grids: of its bands, by resolution in metres.
        mission: which satellite's instruments took it.
        swath: outside of which there is no pixel.
        flight: when it was taken, and where the sun stood.
        side: of what each pixel stands for, in pixels (see `afar`).
        moved: metres (east, north) from the scene to the ground of the plane that it shows; None
            where it lies over it.
    """

    layouts: dict[str, BandLayout]
    grids: dict[int, Grid]
    mission: Mission
    swath: Swath
    flight: Flight
    moved: tuple[float, float] | None = None
    side: int = 1

    def afar(self, side: int) -> LandsatPixels:
        """The same where a pixel stands for so many a side."""
        return replace(self, side=side)

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        layouts = [self.layouts[name] for name in bands]
        grid = self.grids[layouts[0].resolution]

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            return self._paint(layouts, grid, rows, cols, targets)

        return blockwise(rows, cols, [layout.dtype for layout in layouts], paint)

    def _paint(
        self,
        layouts: Sequence[BandLayout],
        grid: Grid,
        rows: Indices,
        cols: Indices,
        targets: list[NDArray[Any]],
    ) -> NDArray[np.bool_]:
        x, y = centres(grid, rows, cols)
        seen = self.swath.covers(x, y)
        if not seen.any():
            return seen
        seen_from = step(self.side * grid.transform[0])
        if self.moved is None:
            east, north = to_plane(grid.crs, x, y)
        else:
            east, north = x + self.moved[0], y + self.moved[1]
        around = Around(east, north, self.flight.moment, step=seen_from)
        off_track = self.swath.off_track(x, y)
        for strip in strips(*seen.shape):
            pixels = mix(around, strip)
            marked = flags(pixels)
            for layout, target in zip(layouts, targets, strict=True):
                values = self._values(layout, pixels, marked, off_track[strip])
                target[strip] = np.where(seen[strip], values, 0)
        return seen

    def _values(self, layout: BandLayout, m: Mixture, at: Flags, off_track: Floats) -> Any:
        """One band, before it is cast to its dtype."""
        light = f32(m.sky.light)
        match layout.kind:
            case "optical":
                return _digital(_seen(m, layout.source, "L1C") * light, self.mission.family)
            case "optical_TOA":
                numbers = _digital(_seen(m, layout.source, "L1C") * light, self.mission.family)
                return _lit(numbers, self.mission.family) / light
            case "surface":
                return _whole((_seen(m, layout.source, "L2A") + f32(0.2)) / f32(2.75e-5), 1, 65535)
            case "thermal":
                return self._thermal(m, layout.source)
            case "thermal_TOA":
                k1, k2, radiance = THERMAL[self.mission.number][layout.source]
                numbers = self._thermal(m, layout.source).astype(np.float64)
                return k2 / np.log(k1 / (numbers * radiance.mult + radiance.add) + 1)
            case "temperature":
                return _whole((_temperature(m) - f32(149)) / f32(0.00341802), 1, 65535)
            case "QA_PIXEL":
                return _quality(at, with_cirrus=self.mission.family == "OLI")
        return self._extra(layout.kind, m, at, off_track)

    def _thermal(self, m: Mixture, band: str) -> Floats:
        """Digital numbers of a temperature."""
        k1, k2, radiance = THERMAL[self.mission.number][band]
        emitted = k1 / np.expm1(k2 / _temperature(m).astype(np.float64))
        most = 65535 if self.mission.family == "OLI" else 255
        numbers = ((emitted - radiance.add) / radiance.mult).astype(np.float32)
        return _whole(numbers, 1, most)

    def _extra(self, kind: str, m: Mixture, at: Flags, off_track: Floats) -> Any:
        """Angles, and what is known of the atmosphere."""
        sun = self.flight.sun
        heading = np.degrees(np.arctan2(*self.swath.along))
        cloud = at.cloud.astype(np.float32)
        match kind:
            case "SZA":
                return round(100 * sun.zenith)
            case "SAA":
                return round(100 * ((sun.azimuth + 180) % 360 - 180))
            case "VZA":
                return _whole(np.abs(off_track) * f32(100 * 57.29578 / _HEIGHT), 0, 9000)
            case "VAA":
                left, right = (round(100 * ((heading + turn) % 360 - 180)) for turn in (270, 90))
                return np.where(off_track < 0, left, right)
            case "SR_QA_AEROSOL":
                return np.where(at.cloud, 224, 96)
            case "SR_ATMOS_OPACITY":
                return round(1000 * m.sky.haze)
            case "SR_CLOUD_QA":
                return at.cloud * 2 + at.shadow * 4 + at.water * 32
            case "ST_EMIS":
                return _whole(m.leaves * f32(200) + f32(9650), 0, 10_000)
            case "ST_CDIST":
                return _whole(m.thickness * f32(-200), 0, 24_000)
            case "ST_TRAD":
                return _whole((_temperature(m) - f32(300)) * f32(120) + f32(8000), 0, 22_000)
            case "ST_QA":
                return cloud * f32(400) + f32(250)
            case "ST_ATRAN":
                return 7400
            case "ST_DRAD":
                return 900
            case "ST_EMSD":
                return 90
            case "ST_URAD":
                return 1800
        return 0  # QA_RADSAT: nothing is saturated


def _seen(m: Mixture, source: str, level: Any) -> Floats:
    """Reflectance of a band; of the panchromatic one, the mean of what it spans."""
    if source != "pan":
        return reflectance(m, source, level)
    total = reflectance(m, "B2", level) + reflectance(m, "B3", level) + reflectance(m, "B4", level)
    total *= f32(1 / 3)
    return total


def _whole(x: Floats, least: int, most: int) -> Floats:
    whole: Floats = np.floor(np.clip(x + f32(0.5), f32(least), f32(most)))
    return whole


def _digital(lit: Floats, family: Family) -> Floats:
    """Digital numbers of reflectance times the cosine of the zenith angle."""
    mult, add = REFLECTANCE[family]
    return _whole((lit - f32(add)) / f32(mult), 1, 65535 if family == "OLI" else 255)


def _lit(numbers: Floats, family: Family) -> Floats:
    """And back."""
    mult, add = REFLECTANCE[family]
    return numbers * f32(mult) + f32(add)


def _temperature(m: Mixture) -> Floats:
    """Kelvin: bare ground in the sun is warm, leaves and water are cooler, clouds are cold."""
    kelvin = m.light * f32(6) - m.leaves * f32(7) + f32(299)
    if m.water is not None:
        kelvin -= m.water * f32(8)
    if m.shadow is not None:
        kelvin -= m.shadow * f32(4)
    if m.cloud is not None:
        kelvin += m.cloud * (f32(255) - kelvin)
    return kelvin


def _quality(at: Flags, *, with_cirrus: bool) -> NDArray[np.uint16]:
    quality = np.full(at.cloud.shape, _CLEAR, np.uint16)
    quality[at.water] = _WATER
    quality[at.shadow] = _SHADOW
    if with_cirrus:
        quality[at.cirrus] = _CIRRUS
    quality[at.cloud] = _CLOUD
    return quality
