"""Servers are harmed while applications use them, and what came of it is held against the promises afterwards."""
