"""Where pixels go: each sink places tiles, and knows when all are there."""
