"""The engine `geetensor` of `xarray.open_dataset`.

xarray imports this module whenever it opens any file: what is heavy is imported when it is used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xarray.backends import BackendEntrypoint

from geetensor.bridges.hrefs import asset_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xarray as xr
    from affine import Affine
    from numpy.typing import DTypeLike

    from geetensor.clouds import CloudMask
    from geetensor.ee_utils import Geometry


class GeetensorBackend(BackendEntrypoint):
    """Opens Earth Engine's images as datasets."""

    description = "Earth Engine images and collections, fetched when they are looked at"

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether it is an address of Earth Engine's, `ee://` and an asset id."""
        return isinstance(filename_or_obj, str) and asset_id_of(filename_or_obj) is not None

    def open_dataset(  # type: ignore[override]
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        geometry: Geometry,
        bands: Sequence[str] | None = None,
        scale: float | None = None,
        crs: str | None = None,
        crs_geometry: str = "EPSG:4326",
        transform: Affine | None = None,
        dtype: DTypeLike | None = None,
        fill_value: float | None = None,
        resampling: str = "nearest",
        scaled: bool = False,
        cloud_mask: CloudMask | str | None = None,
        group_by: Literal["solar_day"] | None = None,
        missing: Literal["error", "fill"] = "error",
        band_as_variable: bool = False,
        timeout: float | None = None,
    ) -> xr.Dataset:
        """Open images as a dataset. Looks up metadata only.

        Without `chunks`, xarray's own lazy indexing holds: an index asks for exactly the pixels
        that it names, and for those between them where these are too few to be worth a request.
        With `chunks={}` the variables are on dask, in chunks of the plan's tiles.

        Args:
            filename_or_obj: an image's asset id, best as `ee://` and the id; an `ee.Image`; an
                `ee.ImageCollection` of at most 5,000 images, in its own order; or a table of
                scenes, as `geetensor.ee_image.export_cube` takes it.
            drop_variables: names of variables to leave out.
            geometry: the area, as in `geetensor.ee_image.export_image`; so are the others.
            bands: names; all for None.
            scale: size of a pixel.
            crs: of the output.
            crs_geometry: of the geometry's coordinates.
            transform: of the pixels' lattice.
            dtype: of the output.
            fill_value: of masked pixels.
            resampling: how pixels are made on another grid.
            scaled: whether values are to be in physical units.
            cloud_mask: which pixels the service is to mask as cloudy.
            group_by: of a table, as in `geetensor.ee_image.export_cube`.
            missing: likewise.
            band_as_variable: a variable for each band, with its own dtype, in place of the one
                array `pixels` with the dimension `band`. What is looked at of several variables
                takes requests for each, where that of `pixels` has all bands in one.
            timeout: seconds that a request may be without any sign of the service.

        Raises:
            InvalidInputError: if an argument is wrong. No pixel was asked for.
            SignInError: if there is no session, or the project or account is refused.
            EarthEngineError: if the images' metadata cannot be had.
        """
        from geetensor.dataset import open_dataset

        if isinstance(filename_or_obj, str | os.PathLike):
            filename_or_obj = _asset_id(os.fspath(filename_or_obj))
        dataset = open_dataset(
            filename_or_obj,
            geometry,
            bands,
            scale,
            crs,
            crs_geometry=crs_geometry,
            transform=transform,
            dtype=dtype,
            fill_value=fill_value,
            resampling=resampling,
            scaled=scaled,
            cloud_mask=cloud_mask,
            group_by=group_by,
            missing=missing,
            band_as_variable=band_as_variable,
            timeout=timeout,
        )
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables or ()
        return dataset.drop_vars(dropped, errors="ignore")


def _asset_id(name: str) -> str:
    """The asset id of what was opened: xarray takes a plain one for a path of a file here."""
    asset_id = asset_id_of(name)
    if asset_id is not None:
        return asset_id
    here = Path.cwd()
    path = Path(name)
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else name
