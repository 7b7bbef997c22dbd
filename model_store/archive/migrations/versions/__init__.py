"""One module a migration, named for what is true after it."""
