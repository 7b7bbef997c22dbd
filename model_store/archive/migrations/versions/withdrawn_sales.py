"""Sales are known by the ids that clients see, and can be withdrawn."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: Rows that are renamed at a time.
_STEP = 1000


def upgrade() -> None:
    """Give each sale its id, and make the table of those that were withdrawn."""
    _rename()
    op.create_index("outcomes_of_house", "outcomes", ["tenant", "house_hash"])
    op.create_table(
        "withdrawals",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("withdrawals_of_tenant", "withdrawals", ["tenant"])
    op.create_index("withdrawals_by_time", "withdrawals", ["withdrawn_ms"])


def _rename() -> None:
    """Put the id in the place of what it was the hash of."""
    outcomes = sa.table(
        "outcomes", sa.column("number"), sa.column("tenant"), sa.column("subject")
    )
    connection, last = op.get_bind(), 0
    columns = (outcomes.c.number, outcomes.c.tenant, outcomes.c.subject)
    query = sa.select(*columns).order_by(outcomes.c.number).limit(_STEP)
    renamed = (
        sa.update(outcomes)
        .where(outcomes.c.number == sa.bindparam("which"))
        .values(subject=sa.bindparam("its_id"))
    )
    while rows := connection.execute(query.where(outcomes.c.number > last)).all():
        last = rows[-1].number
        connection.execute(
            renamed,
            [{"which": row.number, "its_id": _id(*row[1:])} for row in rows],
        )


def _id(tenant: str, subject: str) -> str:
    digest = hashlib.blake2b(f"{tenant} {subject}".encode(), digest_size=12)
    return f"out_{digest.hexdigest()}"
