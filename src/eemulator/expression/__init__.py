"""Expressions: the graph on the wire, its evaluation, and the arguments of algorithms."""
