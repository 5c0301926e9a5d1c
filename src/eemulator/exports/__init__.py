"""Exports: operations in the background, and what they write."""
