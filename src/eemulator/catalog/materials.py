"""What things look like to Sentinel-2, band by band.

Reflectances are round numbers after the shape of published spectra: chlorophyll's step at 700 nm,
iron's slope in laterite, water's fall towards the infrared. They are plausible, not measured.
"""

from __future__ import annotations

from typing import Final

SPECTRAL_BANDS: Final = (
    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12",
)  # fmt: skip

# Surface reflectance in percent.
_PERCENT: dict[str, tuple[float, ...]] = {
    #            B1    B2    B3    B4    B5    B6    B7    B8    B8A   B9    B10  B11   B12
    "laterite": (4.2,  5.2,  8.6,  17.5, 20.0, 21.5, 23.0, 24.0, 25.5, 26.5, 0.0, 33.0, 28.0),
    "tan":      (6.5,  8.4,  12.6, 16.8, 19.0, 20.5, 21.5, 22.5, 24.0, 25.0, 0.0, 31.0, 25.0),
    "straw":    (4.6,  6.0,  9.8,  12.8, 16.2, 19.0, 20.8, 22.5, 24.0, 24.5, 0.0, 29.5, 20.0),
    "leaves":   (2.4,  3.2,  7.4,  4.2,  11.5, 30.0, 36.5, 38.5, 41.0, 42.0, 0.0, 19.5, 9.5),
    "paddy":    (4.6,  5.6,  7.8,  7.4,  9.0,  11.5, 12.5, 12.5, 12.5, 11.5, 0.0, 7.5,  4.5),
    "forest":   (1.6,  2.0,  4.0,  2.4,  7.0,  20.5, 25.5, 27.0, 28.5, 29.0, 0.0, 13.0, 5.8),
    "town":     (8.5,  10.5, 12.4, 14.2, 15.5, 16.8, 17.8, 18.6, 19.4, 19.8, 0.0, 21.5, 19.5),
    "clear":    (3.8,  4.0,  3.6,  2.2,  1.8,  1.3,  1.2,  1.0,  0.9,  0.8,  0.0, 0.4,  0.3),
    "muddy":    (5.0,  6.3,  9.0,  10.4, 9.6,  6.6,  6.2,  5.0,  4.4,  3.0,  0.0, 1.0,  0.6),
}  # fmt: skip

REFLECTANCE: Final[dict[str, dict[str, float]]] = {
    band: {material: spectrum[n] / 100 for material, spectrum in _PERCENT.items()}
    for n, band in enumerate(SPECTRAL_BANDS)
}
"""For each band, the surface reflectance (0 to 1) of each material."""

_CLOUD = (79, 77, 76, 76, 77, 78, 79, 79, 80, 70, 6, 47, 38)
CLOUD: Final = {band: value / 100 for band, value in zip(SPECTRAL_BANDS, _CLOUD, strict=True)}
"""Reflectance of a thick cloud's top."""

_CIRRUS = (22, 21, 20, 20, 20, 20, 20, 20, 20, 18, 11, 12, 8)
CIRRUS: Final = {band: value / 100 for band, value in zip(SPECTRAL_BANDS, _CIRRUS, strict=True)}
"""What the thickest cirrus adds."""

# What a clear sky does to L1C: light that it adds, and the share of the ground's that passes.
_PATH = (9.5, 6.8, 3.6, 1.9, 1.5, 1.2, 1.0, 0.8, 0.7, 0.4, 0.12, 0.1, 0.05)
_PASS = (0.78, 0.82, 0.87, 0.91, 0.91, 0.90, 0.93, 0.93, 0.96, 0.35, 0.0, 0.96, 0.94)
SKY: Final[dict[str, tuple[float, float]]] = {
    band: (added / 100, passed)
    for band, added, passed in zip(SPECTRAL_BANDS, _PATH, _PASS, strict=True)
}
"""For each band, path reflectance and transmittance of the atmosphere."""
