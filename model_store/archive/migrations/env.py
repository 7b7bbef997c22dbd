"""What Alembic runs: the migrations, on the connection and in the transaction given."""

from alembic import context

from model_store.archive import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
)
context.run_migrations()
