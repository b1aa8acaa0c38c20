"""Texts for people, in mail and on pages: the package's own, unless the application has one of the same name."""
