"""Applications as the documentation of the frameworks teaches them, with guardhouse put in: there is nothing to find."""
