"""Properties and their valuations have tables, and a sale may be of a property."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables, and the column of outcomes."""
    _properties()
    _valuations()
    op.add_column("outcomes", sa.Column("property_id", sa.String))
    op.create_index("outcomes_of_property", "outcomes", ["tenant", "property_id"])


def _properties() -> None:
    op.create_table(
        "properties",
        sa.Column("tenant", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("input_digest", sa.String, nullable=False),
        sa.Column("max_age_s", sa.Integer),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("properties_of_model", "properties", ["model", "tenant", "id"])


def _valuations() -> None:
    op.create_table(
        "valuations",
        sa.Column("tenant", sa.String, primary_key=True),
        sa.Column("property_id", sa.String, primary_key=True),
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("valued_ms", sa.BigInteger, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("input_digest", sa.String, nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("low", sa.Double, nullable=False),
        sa.Column("high", sa.Double, nullable=False),
    )
    op.create_index(
        "valuations_of_property",
        "valuations",
        ["tenant", "property_id", "valued_ms", "source_id"],
    )
    op.create_index("valuations_by_time", "valuations", ["valued_ms"])
