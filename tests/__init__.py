"""What guardhouse promises, laid out as its source is."""
