"""The attack cases and what runs them: black-box requests, as bytes, against any application with these roles."""
