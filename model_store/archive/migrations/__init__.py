"""Migrations of the archive, run by `model_store.archive.migration` alone."""
