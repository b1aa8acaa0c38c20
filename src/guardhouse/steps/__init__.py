"""The steps that come with guardhouse, one kind per file: each a frozen value that an area may hold."""
