"""HTTP: routes, bodies, replies and quotas."""
