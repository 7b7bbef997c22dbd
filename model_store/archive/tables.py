"""The tables of the archive.

Instants are milliseconds since the epoch, as in the ledger; days of sales are dates.
JSON is kept as the text that came, so that an answer has the same bytes again. No text
has a longest length: one row that is refused would hold up all behind it.
A change here needs a migration: a test compares the two.

No table refers to another by a foreign key: an outcome may come before its prediction
is archived, a challenger's price may too, and both may outlive it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

#: Counts up by itself, which SQLite does for this type only.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

predictions = Table(
    "predictions",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("completed_ms", BigInteger),
    Column("sequence", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("detail", String),
    Column("attempts", Integer, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("alias", String),
    Column("fingerprint", String, nullable=False),
    Column("input", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("output", Text),
    Column("error", Text),
    # Further fields of the ledger's record, as a JSON object of texts.
    Column("further", Text, nullable=False),
    # What follows is read out of input and output, for those who compare.
    Column("house_hash", String, nullable=False),
    Column("digest", String),
    Column("currency", String),
    Column("price", Double),
    Column("low", Double),
    Column("high", Double),
    Column("level", Double),
    Column("fsd", Double),
    Column("in_distribution", Boolean),
    Index("predictions_of_tenant", "tenant", "created_ms", "id"),
    Index("predictions_of_state", "tenant", "state", "created_ms", "id"),
    Index("predictions_of_house", "tenant", "house_hash", "created_ms"),
    Index("predictions_by_time", "created_ms"),
)

sales = Table(
    "sales",
    metadata,
    Column("dataset", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("sold_on", Date, nullable=False),
    Column("price", Double, nullable=False),
    Column("house", Text, nullable=False),
    Index("sales_by_day", "dataset", "sold_on", "key"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("tenant", String, nullable=False),
    # Id of the sale.
    Column("subject", String, nullable=False),
    Column("prediction_id", String),
    Column("house_hash", String),
    Column("house", Text),
    Column("price", Double, nullable=False),
    Column("sold_on", Date, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    # When a correction took its place; none: it is current.
    Column("superseded_ms", BigInteger),
    Column("property_id", String),
    Index("outcomes_of_tenant", "tenant", "number"),
    Index("outcomes_of_prediction", "prediction_id"),
    Index("outcomes_of_house", "tenant", "house_hash"),
    Index("outcomes_of_property", "tenant", "property_id"),
    Index("outcomes_by_day", "sold_on"),
    Index("outcomes_by_time", "recorded_ms"),
)
#: What is current of a sale there is once.
Index(
    "outcomes_current",
    outcomes.c.tenant,
    outcomes.c.subject,
    unique=True,
    sqlite_where=outcomes.c.superseded_ms.is_(None),
    postgresql_where=outcomes.c.superseded_ms.is_(None),
)

#: Sales that nothing is known of any more but that it was withdrawn.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("subject", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("withdrawn_ms", BigInteger, nullable=False),
    Index("withdrawals_of_tenant", "tenant"),
    Index("withdrawals_by_time", "withdrawn_ms"),
)

audit = Table(
    "audit",
    metadata,
    # Of all that the entry says: the same one twice is one.
    Column("digest", String, primary_key=True),
    Column("time_ms", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("targets", Text, nullable=False),
    Column("target_count", Integer, nullable=False),
    Column("request_id", String),
    Column("outcome", String, nullable=False),
    Index("audit_by_time", "time_ms"),
)

shadows = Table(
    "shadows",
    metadata,
    Column("prediction_id", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("price", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("level", Double, nullable=False),
    Column("fsd", Double, nullable=False),
    Column("in_distribution", Boolean, nullable=False),
    # Of the version that answered.
    Column("served_version", String, nullable=False),
    Column("served_price", Double, nullable=False),
    Index("shadows_of_version", "version", "made_ms"),
    Index("shadows_by_time", "made_ms"),
)

properties = Table(
    "properties",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("input", Text, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("max_age_s", Integer),
    Column("metadata", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("properties_of_model", "model", "tenant", "id"),
)

valuations = Table(
    "valuations",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("property_id", String, primary_key=True),
    # Of the prediction or the batch that made it.
    Column("source_id", String, primary_key=True),
    Column("valued_ms", BigInteger, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("output", Text, nullable=False),
    # What follows is read out of output, for those who compare.
    Column("price", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Index("valuations_of_property", "tenant", "property_id", "valued_ms", "source_id"),
    Index("valuations_by_time", "valued_ms"),
)

reports = Table(
    "reports",
    metadata,
    Column("name", String, primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)


#: Tells the age of a table's rows: an instant, or the day of a sale.
AGES: Mapping[str, Column[Any]] = {
    "predictions": predictions.c.created_ms,
    "sales": sales.c.sold_on,
    "outcomes": outcomes.c.recorded_ms,
    "withdrawals": withdrawals.c.withdrawn_ms,
    "audit": audit.c.time_ms,
    "shadows": shadows.c.made_ms,
    "properties": properties.c.updated_ms,
    "valuations": valuations.c.valued_ms,
    "reports": reports.c.made_ms,
}


def instant(age: Column[Any], day: dt.date) -> int | dt.date:
    """Return the beginning of a day, in UTC, as a column that tells an age has it."""
    if isinstance(age.type, Date):
        return day
    begun = dt.datetime.combine(day, dt.time(), dt.UTC)
    return int(begun.timestamp()) * 1000
