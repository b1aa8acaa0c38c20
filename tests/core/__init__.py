"""The core: values and decisions, as tables."""
