"""What Alembic runs for us: on the connection that was handed in, over our table alone, with a version table of its own."""

from __future__ import annotations

from alembic import context

from guardhouse.users.migrating import VERSION_TABLE, ours
from guardhouse.users.models import UserRow


def _run() -> None:
    given = context.config.attributes
    context.configure(
        connection=given.get("connection"),
        dialect_name=given.get("dialect"),
        literal_binds=context.is_offline_mode(),
        target_metadata=UserRow.metadata,
        version_table=VERSION_TABLE,
        include_object=ours,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # while Alembic runs, and not where somebody merely imports this
    _run()
