"""What SQLite can do."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from nuages.db import transaction
from nuages.db.backends.base.features import BaseDatabaseFeatures
from nuages.db.utils import OperationalError


class DatabaseFeatures(BaseDatabaseFeatures):
    """SQLite 3.37 and later."""

    atomic_transactions = False
    can_clone_databases = True
    can_create_inline_fk = False
    can_defer_constraint_checks = True
    can_release_savepoints = True
    can_return_columns_from_insert = True
    can_return_rows_from_bulk_insert = True
    can_return_rows_from_update = True
    can_rollback_ddl = True
    has_case_insensitive_like = True
    ignores_table_name_case = True
    minimum_database_version = (3, 37)
    order_by_nulls_first = True
    requires_literal_defaults = True
    supports_aggregate_distinct_multiple_argument = False
    supports_aggregate_filter_clause = True
    supports_any_value = True
    supports_cast_with_precision = False
    supports_default_keyword_in_insert = False
    supports_frame_exclusion = True
    supports_frame_range_fixed_distance = True
    supports_json_field_contains = False
    supports_no_precision_decimalfield = True
    supports_over_clause = True
    supports_parentheses_in_compound = False
    supports_stored_generated_columns = True
    supports_temporal_subtraction = True
    supports_timezones = False
    supports_unlimited_charfield = True
    supports_unspecified_pk = True
    supports_update_conflicts = True
    supports_update_conflicts_with_target = True
    supports_uuid4_function = True
    supports_uuid4_function_in_default = True
    supports_virtual_generated_columns = True
    test_db_allows_multiple_connections = False
    time_cast_precision = 3
    insert_test_table_with_defaults = 'INSERT INTO {} ("null") VALUES (1)'
    supports_transactions = True
    can_alter_table_drop_column = True
    supports_update_from_values = True

    # What tests look at.
    test_collations = {
        "ci": "nocase",
        "cs": "binary",
        "non_default": "nocase",
        "virtual": "nocase",
    }
    introspected_field_types = {
        **BaseDatabaseFeatures.introspected_field_types,
        "BigAutoField": "AutoField",
        "SmallAutoField": "AutoField",
        "DurationField": "BigIntegerField",
        "GenericIPAddressField": "CharField",
    }
    django_test_expected_failures = {
        # A decimal is compared with what addition of floats gives.
        "expressions.tests.FTimeDeltaTests.test_mixed_comparisons1",
    }

    @cached_property
    def django_test_skips(self) -> dict[str, set[str]]:
        """Tests of the public suite that do not apply, by reason."""
        skips = {
            "SQLite stores values rounded to 15 significant digits.": {
                "model_fields.test_decimalfield.DecimalFieldTests."
                "test_fetch_from_db_without_float_rounding",
            },
            "SQLite naively remakes the table on field alteration.": {
                f"schema.tests.SchemaTests.{name}"
                for name in (
                    "test_unique_no_unnecessary_fk_drops",
                    "test_unique_and_reverse_m2m",
                    "test_alter_field_default_doesnt_perform_queries",
                    "test_rename_column_renames_deferred_sql_references",
                )
            },
            "SQLite doesn't support negative precision for ROUND().": {
                f"db_functions.math.test_round.RoundTests.test_{kind}_with_negative_precision"
                for kind in ("null", "decimal", "float", "integer")
            },
            "The actual query cannot be determined on SQLite": {
                "backends.base.test_base.ExecuteWrapperTests.test_wrapper_debug",
            },
            "SQLite does not parse escaped double quotes in the JSON path notation": {
                "model_fields.test_jsonfield.TestQuerying.test_lookups_special_chars_double_quotes",
            },
        }
        if self.connection.is_in_memory_db():
            skips["closing a database in memory does nothing"] = {
                "servers.tests.LiveServerTestCloseConnectionTest.test_closes_connections",
                "servers.test_liveserverthread.LiveServerThreadTest.test_closes_connections",
            }
            skips["closing a database in memory would destroy it"] = {
                "test_utils.tests.AssertNumQueriesUponConnectionTests."
                "test_ignores_connection_configuration_queries",
            }
        return skips

    @cached_property
    def supports_atomic_references_rename(self) -> bool:
        """Whether renaming a table in a transaction changes the references to it."""
        return True

    @cached_property
    def supports_json_field(self) -> bool:  # type: ignore[override]
        """Whether SQLite was built with its JSON functions."""
        with self.connection.cursor() as cursor:
            return self._runs(cursor, "SELECT JSON('[1]')")

    def _runs(self, cursor: Any, sql: str) -> bool:
        # In a block of its own, so that an error leaves the transaction around it in order.
        try:
            with transaction.atomic(self.connection.alias):
                cursor.execute(sql)
        except OperationalError:
            return False
        return True

    can_introspect_json_field = has_json_object_function = property(
        lambda self: self.supports_json_field
    )

    @property
    def max_query_params(self) -> Any:  # type: ignore[override]
        """The limit of the connection as it is now."""
        import sqlite3

        self.connection.ensure_connection()
        return self.connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
