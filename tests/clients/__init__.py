"""Clients as people really use them, against the running demo: who gets in with what, and why not."""
