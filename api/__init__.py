"""HTTP front end: accepts houses, answers with jobs; never loads the model stack."""

__version__ = "0.1.0"
