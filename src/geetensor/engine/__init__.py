"""Requests out, pixels in: the only rooms that know Earth Engine's wire."""
