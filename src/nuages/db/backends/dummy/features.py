"""What no database can do."""

from nuages.db.backends.base.features import BaseDatabaseFeatures


class DummyDatabaseFeatures(BaseDatabaseFeatures):
    """Nothing is supported, transactions among it."""

    supports_transactions = False
    uses_savepoints = False
