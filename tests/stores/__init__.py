"""The floor `stores`."""
