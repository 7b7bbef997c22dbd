"""The relational archive: what outlives Redis, in SQLite or PostgreSQL.

Nothing else imports SQLAlchemy or Alembic. `archive.Archive` is the way in.
"""
