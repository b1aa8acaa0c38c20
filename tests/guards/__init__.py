"""The floor `guards`."""
