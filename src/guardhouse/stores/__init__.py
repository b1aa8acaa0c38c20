"""The only place with storage drivers."""
