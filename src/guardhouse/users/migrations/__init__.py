"""The migrations of the users' table, for Alembic: run by `guardhouse migrate --users`, or among the application's own."""
