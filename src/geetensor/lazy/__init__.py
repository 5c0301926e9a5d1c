"""Arrays whose pixels are fetched when they are looked at."""
