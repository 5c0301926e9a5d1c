"""From an image and a grid to arrays, and from arrays to bytes."""
