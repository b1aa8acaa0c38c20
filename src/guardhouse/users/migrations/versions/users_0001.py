"""Make the table of users."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.mysql import VARCHAR

revision = "guardhouse_users_0001"
down_revision = None
branch_labels = ("guardhouse_users",)
depends_on = None

# Written out, and not read from the model: this is what the table was, whatever the model becomes.
EXACT = VARCHAR(320, charset="utf8mb4", collation="utf8mb4_bin")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "guardhouse_users",
        Column("id", Uuid(), nullable=False),
        Column("email", String(320).with_variant(EXACT, "mysql", "mariadb"), nullable=False),
        Column("password_hash", String(255)),
        Column("name", String(200)),
        Column("email_verified_at", BigInteger()),
        Column("disabled_at", BigInteger()),
        Column("created_at", BigInteger(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_guardhouse_users"),
        UniqueConstraint("email", name="uq_guardhouse_users_email"),
    )


def downgrade() -> None:
    """Drop it, with all users."""
    op.drop_table("guardhouse_users")
