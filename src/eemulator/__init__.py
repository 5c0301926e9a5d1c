"""An Earth Engine that runs on this machine: the REST API over a small catalogue."""
