"""What expressions compute with: images, collections, geometries, dates and the like."""
