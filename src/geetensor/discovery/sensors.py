"""What is particular to a sensor's queries: which collections, and which of their scenes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ee

from geetensor.collections import LANDSAT, LANDSAT_CATEGORY, RT
from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PASSES = ("ASCENDING", "DESCENDING")
_POLARISATIONS = ("VV", "VH", "HH", "HV")
_MODES = ("IW", "EW", "SM")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of a scene must be.

    Attributes:
        name: of the property.
        value: that it must have.
        among: whether it is a list, which must have that value among others.
    """

    name: str
    value: Any
    among: bool = False

    def filter(self) -> ee.Filter:
        """The same as the client's object, which needs a session."""
        test = ee.Filter.listContains if self.among else ee.Filter.eq
        made: ee.Filter = test(self.name, self.value)
        return made


def s1_conditions(
    orbit: str | int | None, polarisations: Sequence[str] | str, mode: str | None
) -> list[Condition]:
    """What Sentinel-1 scenes must be.

    Args:
        orbit: a pass, or the number of a relative orbit; None for any.
        polarisations: that they must have.
        mode: of the instrument; None for any.

    Raises:
        InvalidInputError: if one is not what it should be.
    """
    conditions = []
    if isinstance(orbit, str):
        name = _one_of("orbit", orbit.upper(), _PASSES)
        conditions.append(Condition("orbitProperties_pass", name))
    elif orbit is not None:
        if isinstance(orbit, bool) or not isinstance(orbit, int):
            raise InvalidInputError(
                f"orbit must be 'ASCENDING', 'DESCENDING' or a relative orbit's number, got "
                f"{orbit!r}."
            )
        conditions.append(Condition("relativeOrbitNumber_start", orbit))
    for name in _listed("polarisations", polarisations, _POLARISATIONS):
        conditions.append(Condition("transmitterReceiverPolarisation", name, among=True))
    if mode is not None:
        conditions.append(Condition("instrumentMode", _one_of("mode", mode, _MODES)))
    return conditions


def landsat_collections(
    missions: Sequence[int] | int, level: str, tiers: Sequence[int | str] | int | str
) -> dict[str, list[Condition]]:
    """The collections of Landsat missions, and which of their scenes are meant.

    Args:
        missions: 4, 5, 7, 8, 9.
        level: `raw`, `toa` or `sr`.
        tiers: 1, 2, `RT`.

    Raises:
        InvalidInputError: if there is no such mission, level or tier, or not together.
    """
    asked_missions = _some("missions", missions, sorted({key[0] for key in LANDSAT}))
    _one_of("level", level, sorted({key[1] for key in LANDSAT}))
    asked_tiers = _some("tiers", tiers, [1, 2, RT])
    found: dict[str, list[Condition]] = {}
    for tier in asked_tiers:
        ids = [LANDSAT.get((mission, level, tier)) for mission in asked_missions]
        if not any(ids):
            raise InvalidInputError(
                f"Earth Engine has no collection of Landsat {', '.join(map(str, asked_missions))} "
                f"at level {level!r} and tier {tier!r}."
            )
        # Real-time scenes share a collection with those of tier 1.
        only = [Condition(LANDSAT_CATEGORY, RT)] if tier == RT else []
        found.update({asset_id: only for asset_id in ids if asset_id})
    return found


def modis_collection(product: str, version: str) -> str:
    """The collection of a MODIS product.

    Raises:
        InvalidInputError: if these are no names of a product and a version.
    """
    if not isinstance(product, str) or not re.fullmatch(r"[A-Z0-9_]+", product):
        raise InvalidInputError(f"product must be a name such as 'MOD09GA', got {product!r}.")
    if not isinstance(version, str) or not re.fullmatch(r"\d{3}", version):
        raise InvalidInputError(f"version must be three digits such as '061', got {version!r}.")
    return f"MODIS/{version}/{product}"


def _some(name: str, given: Any, allowed: Sequence[Any]) -> list[Any]:
    values = _listed(name, given, allowed)
    if not values:
        raise InvalidInputError(f"{name} names none: give at least one of {allowed}.")
    return values


def _listed(name: str, given: Any, allowed: Sequence[Any]) -> list[Any]:
    """One or several values, each once."""
    if isinstance(given, (int, str)):
        given = [given]
    elif not isinstance(given, Iterable):
        raise InvalidInputError(f"{name} must be some of {allowed}, got {given!r}.")
    return list(dict.fromkeys(_one_of(name, value, allowed) for value in given))


def _one_of(name: str, value: Any, allowed: Sequence[Any]) -> Any:
    if isinstance(value, bool) or value not in allowed:
        raise InvalidInputError(f"{name} may be {allowed}, got {value!r}.")
    return value
