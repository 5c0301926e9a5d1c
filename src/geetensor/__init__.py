"""Pixels out of Google Earth Engine: any image, any area, one exact GeoTensor.

The public modules are `geetensor.ee_image`, `geetensor.ee_query` and `geetensor.ee_utils`.
"""

try:
    import ee  # noqa: F401
except ImportError as error:
    raise ImportError(
        "geetensor needs the Earth Engine client: pip install 'earthengine-api>=1.7'"
    ) from error
