"""Texts for people: which language, whose template, and what is escaped."""
