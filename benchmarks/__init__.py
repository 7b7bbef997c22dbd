"""Measures Kerbside against the Flask + Celery stack that tutorials build."""
