"""Classifiers and clusterers: what they learn from, what they learn, and what they answer."""
