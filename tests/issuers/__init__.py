"""Issuers: where keys come from, and who signs."""
