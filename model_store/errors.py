"""Errors of the model store: one tree; each message says what, got, expected.

ModelStoreError
 +-- DatasetError     a data-set definition or its table is not usable
 +-- ArtifactError    the files of a model version are damaged or not trusted
 |    +-- NotTrusted    nobody who is trusted has signed them
 +-- ExplanationUnavailable  reasons need what is not installed here
 +-- InexactReasons   reasons do not add up to the price
 +-- ArchiveError     the archive cannot be used as it is, or refuses what it is given
 |    +-- ArchiveUnavailable  its database cannot be reached, or cannot write just now
 |    |    +-- ArchiveTooSlow  one question took longer than it may
 |    +-- ArchiveNotMigrated  its tables are not those that this code knows
 +-- StoreError       the store cannot be read or written
      +-- UnknownModel    no such alias or version
      +-- AliasesChanged  the aliases are not at the generation that was expected
      +-- LeaseHeld       another process does what only one may
"""


class ModelStoreError(Exception):
    """Root of every error that this package raises on purpose."""


class DatasetError(ModelStoreError):
    """A data-set definition or its table is not usable."""


class ArtifactError(ModelStoreError):
    """The files of a model version are damaged or not trusted."""


class NotTrusted(ArtifactError):
    """Nobody who is trusted has signed the files of a model version."""


class ExplanationUnavailable(ModelStoreError):
    """Reasons for a price need what is not installed here."""


class InexactReasons(ModelStoreError):
    """Reasons do not add up to the price."""


class ArchiveError(ModelStoreError):
    """The archive cannot be used as it is, or refuses what it is given."""


class ArchiveUnavailable(ArchiveError):
    """The archive's database cannot be reached, or cannot write just now."""


class ArchiveTooSlow(ArchiveUnavailable):
    """One question took the archive's database longer than it may."""


class ArchiveNotMigrated(ArchiveError):
    """The archive's tables are not those that this code knows."""


class StoreError(ModelStoreError):
    """The store cannot be read or written."""


class UnknownModel(StoreError):
    """No such alias or version."""


class AliasesChanged(StoreError):
    """The aliases are not at the generation that was expected."""


class LeaseHeld(StoreError):
    """Another process does what only one may do at a time."""
