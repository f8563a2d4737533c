"""What PostgreSQL can do."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from nuages.db.backends.base.features import BaseDatabaseFeatures
from nuages.db.utils import DataError, InterfaceError
from nuages.utils import bridge


def _since(major: int, doc: str) -> Any:
    """A flag of servers of that version and later."""

    def flag(self: DatabaseFeatures) -> bool:
        return self.connection.pg_version >= major * 10000

    flag.__doc__ = doc
    return cached_property(flag)


class DatabaseFeatures(BaseDatabaseFeatures):
    """PostgreSQL 15 and later."""

    minimum_database_version = (15,)
    has_async_driver = bridge.available
    closed_cursor_error_class = InterfaceError
    prohibits_null_characters_in_text_exception = (
        DataError,
        "PostgreSQL text fields cannot contain NUL (0x00) bytes",
    )

    # Transactions, locks.
    can_rollback_ddl = True
    can_release_savepoints = True
    can_defer_constraint_checks = True
    has_statement_batches = True
    has_select_for_update = True
    has_select_for_update_of = True
    has_select_for_update_nowait = True
    has_select_for_no_key_update = True
    has_select_for_update_skip_locked = True

    # Rows that are written.
    supports_update_conflicts = True
    can_return_rows_from_update = True
    can_return_columns_from_insert = True
    requires_casted_case_in_updates = True
    can_return_rows_from_bulk_insert = True
    supports_update_conflicts_with_target = True
    # A column that is left out is one array less: see the compiler.
    supports_default_keyword_in_bulk_insert = False

    # Tables.
    can_rename_index = True
    supports_comments = True
    supports_tablespaces = True
    supports_combined_alters = True
    supports_covering_indexes = True
    supports_unlimited_charfield = True
    supports_stored_generated_columns = True
    supports_no_precision_decimalfield = True
    supports_deferrable_unique_constraints = True
    supports_nulls_distinct_unique_constraints = True
    schema_editor_uses_clientside_param_binding = True
    can_clone_databases = True
    can_introspect_materialized_views = True

    # Types and functions.
    has_real_datatype = True
    has_json_operators = True
    nulls_order_largest = True
    has_native_json_field = True
    has_native_uuid_field = True
    supports_uuid4_function = True
    has_native_boolean_field = True
    has_native_duration_field = True
    greatest_least_ignores_nulls = True
    supports_temporal_subtraction = True
    supports_uuid4_function_in_default = True
    json_key_contains_list_matching_requires_list = True

    # Queries.
    supports_over_clause = True
    can_distinct_on_fields = True
    supports_frame_exclusion = True
    allows_group_by_selected_pks = True
    supports_aggregate_filter_clause = True
    supports_aggregate_order_by_clause = True
    supports_slicing_ordering_in_compound = True
    only_supports_unbounded_with_preceding_and_following = True
    supported_explain_formats = {"JSON", "TEXT", "XML", "YAML"}

    # What tests look at.
    test_now_utc_template = "STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC'"
    insert_test_table_with_defaults = "INSERT INTO {} DEFAULT VALUES"
    test_collations = {
        "deterministic": "C",
        **dict.fromkeys(("non_default", "swedish_ci", "virtual"), "sv-x-icu"),
    }
    introspected_field_types = {
        **BaseDatabaseFeatures.introspected_field_types,
        "PositiveBigIntegerField": "BigIntegerField",
        "PositiveIntegerField": "IntegerField",
        "PositiveSmallIntegerField": "SmallIntegerField",
    }
    create_test_procedure_without_params_sql = """
        CREATE FUNCTION test_procedure () RETURNS void AS $body$
        DECLARE number INTEGER;
        BEGIN number := 1; END;
        $body$ LANGUAGE plpgsql;"""
    create_test_procedure_with_int_param_sql = """
        CREATE FUNCTION test_procedure (given INTEGER) RETURNS void AS $body$
        DECLARE number INTEGER;
        BEGIN number := given; END;
        $body$ LANGUAGE plpgsql;"""
    django_test_expected_failures: Any = set()

    is_postgresql_16 = _since(16, "Whether the server has what came with version 16.")
    is_postgresql_17 = _since(17, "Whether the server has what came with version 17.")
    is_postgresql_18 = _since(18, "Whether the server has what came with version 18.")
    supports_any_value = _since(16, "Whether there is ANY_VALUE().")
    supports_virtual_generated_columns = _since(18, "Whether generated columns need not be stored.")
    supports_uuid7_function = _since(18, "Whether there is uuidv7().")
    supports_uuid7_function_shift = _since(18, "Whether uuidv7() takes an interval.")

    @cached_property
    def uses_server_side_binding(self) -> bool:
        """Whether parameters go beside the statement instead of into it."""
        return bool(self.connection.settings_dict["OPTIONS"].get("server_side_binding"))

    @property
    def max_query_params(self) -> Any:  # type: ignore[override]
        """The protocol counts parameters with 16 bits."""
        return 2**16 - 1 if self.uses_server_side_binding else None

    @cached_property
    def django_test_skips(self) -> Any:
        """Tests of the public suite that do not apply, by reason."""
        skips = {
            "opclasses are PostgreSQL only.": {
                "indexes.tests.SchemaIndexesNotPostgreSQLTests.test_create_index_ignores_opclasses",
            },
        }
        if self.uses_server_side_binding:
            skips["The SQL of these queries does not suit parameters that the server binds."] = {
                "aggregation.tests.AggregateTestCase.test_group_by_nested_expression_with_params",
                "expressions.tests.BasicExpressionsTests.test_order_by_multiline_sql",
            }
        return skips
