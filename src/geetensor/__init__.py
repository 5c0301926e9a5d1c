"""Pixels out of Google Earth Engine: any image, any area, one exact GeoTensor.

The public modules are `geetensor.ee_image`, `ee_query`, `ee_scenes`, `ee_utils`, `ee_xarray` and
`ee_dask`.
"""

from importlib.util import find_spec

# Not imported here: xarray loads what this package registers with it whenever it opens any file.
if find_spec("ee") is None:
    raise ImportError("geetensor needs the Earth Engine client: pip install 'earthengine-api>=1.7'")
