"""The floor `state`."""
