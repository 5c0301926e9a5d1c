"""Pixels out of Google Earth Engine: any image, any area, one exact GeoTensor."""
