"""The ways in over HTTP: each on one path, for programs in JSON and for people as a form on a plain page."""
