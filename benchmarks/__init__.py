"""Measures Kerbside against the Flask + Celery stack of a tutorial, and itself under depth."""
