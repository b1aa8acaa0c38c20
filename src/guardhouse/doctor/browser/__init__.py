"""A browser in process: its rules as plain functions over frozen values, one concern per file; only `fetching` and above wait."""
