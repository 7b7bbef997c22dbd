"""An index leads to the predictions of a tenant in a state, and to its outcomes."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(
        "predictions_of_state", "predictions", ["tenant", "state", "created_ms", "id"]
    )
    op.create_index("outcomes_of_tenant", "outcomes", ["tenant", "number"])
