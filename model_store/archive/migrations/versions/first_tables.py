"""Predictions, sales, outcomes, audit, shadows and reports have tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _predictions()
    _sales()
    _outcomes()
    _audit()
    _shadows()
    _reports()


def _predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("completed_ms", sa.BigInteger),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("detail", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("alias", sa.String),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("output", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("further", sa.Text, nullable=False),
        sa.Column("house_hash", sa.String, nullable=False),
        sa.Column("digest", sa.String),
        sa.Column("currency", sa.String),
        sa.Column("price", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("level", sa.Double),
        sa.Column("fsd", sa.Double),
        sa.Column("in_distribution", sa.Boolean),
    )
    op.create_index(
        "predictions_of_tenant", "predictions", ["tenant", "created_ms", "id"]
    )
    op.create_index(
        "predictions_of_house", "predictions", ["tenant", "house_hash", "created_ms"]
    )
    op.create_index("predictions_by_time", "predictions", ["created_ms"])


def _sales() -> None:
    op.create_table(
        "sales",
        sa.Column("dataset", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("sold_on", sa.Date, nullable=False),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("house", sa.Text, nullable=False),
    )
    op.create_index("sales_by_day", "sales", ["dataset", "sold_on", "key"])


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("prediction_id", sa.String),
        sa.Column("house_hash", sa.String),
        sa.Column("house", sa.Text),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("sold_on", sa.Date, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("superseded_ms", sa.BigInteger),
    )
    op.create_index("outcomes_of_prediction", "outcomes", ["prediction_id"])
    op.create_index("outcomes_by_day", "outcomes", ["sold_on"])
    op.create_index("outcomes_by_time", "outcomes", ["recorded_ms"])
    is_current = sa.text("superseded_ms IS NULL")
    op.create_index(
        "outcomes_current",
        "outcomes",
        ["tenant", "subject"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("operation", sa.String, nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("target_count", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String),
        sa.Column("outcome", sa.String, nullable=False),
    )
    op.create_index("audit_by_time", "audit", ["time_ms"])


def _shadows() -> None:
    op.create_table(
        "shadows",
        sa.Column("prediction_id", sa.String, primary_key=True),
        sa.Column("version", sa.String, primary_key=True),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("low", sa.Double, nullable=False),
        sa.Column("high", sa.Double, nullable=False),
        sa.Column("level", sa.Double, nullable=False),
        sa.Column("fsd", sa.Double, nullable=False),
        sa.Column("in_distribution", sa.Boolean, nullable=False),
        sa.Column("served_version", sa.String, nullable=False),
        sa.Column("served_price", sa.Double, nullable=False),
    )
    op.create_index("shadows_of_version", "shadows", ["version", "made_ms"])
    op.create_index("shadows_by_time", "shadows", ["made_ms"])


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
