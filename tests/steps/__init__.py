"""The steps that come with guardhouse."""
