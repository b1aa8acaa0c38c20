"""The steps that come with guardhouse, each at work in a real application."""
