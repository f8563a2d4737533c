"""What a database can do: flags that compilers, schema editors and tests look at."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Any

from nuages.db.utils import ProgrammingError


class BaseDatabaseFeatures:
    """The flags of a plain SQL database; a backend overrides what differs."""

    #: The steps of the engine can be awaited, without a thread.
    has_async_driver: bool = False

    #: Geography is in another backend.
    gis_enabled: bool = False
    #: Oldest version that the backend works with.
    minimum_database_version: tuple[int, ...] | None = None
    #: Most parameters in one statement; ``None`` for no limit.
    max_query_params: int | None = None
    #: What stands after SELECT without a table.
    bare_select_suffix: str = ""
    #: Raised by a cursor that was closed.
    closed_cursor_error_class: type[Exception] = ProgrammingError

    # Transactions and savepoints.
    uses_savepoints: bool = True
    can_rollback_ddl: bool = False
    atomic_transactions: bool = True
    can_release_savepoints: bool = False
    connection_persists_old_columns: bool = False

    # SELECT ... FOR UPDATE.
    for_update_after_from: bool = False
    has_select_for_update: bool = False
    has_select_for_update_of: bool = False
    select_for_update_of_column: bool = False
    has_select_for_no_key_update: bool = False
    has_select_for_update_nowait: bool = False
    has_select_for_update_skip_locked: bool = False
    supports_select_for_update_with_limit: bool = True

    # INSERT, UPDATE and DELETE.
    #: ``UPDATE … FROM (VALUES …)``, its columns being ``column1`` and so on.
    supports_update_from_values: bool = False
    #: Whether several statements can go to the server at once: see ``execute_batch()``.
    has_statement_batches: bool = False
    has_bulk_insert: bool = True
    allows_auto_pk_0: bool = True
    update_can_self_select: bool = True
    supports_unspecified_pk: bool = False
    supports_ignore_conflicts: bool = True
    supports_update_conflicts: bool = False
    supports_on_delete_db_null: bool = True
    can_return_rows_from_update: bool = False
    supports_on_delete_db_cascade: bool = True
    supports_on_delete_db_default: bool = True
    can_return_columns_from_insert: bool = False
    insert_test_table_with_defaults: Any = None
    requires_casted_case_in_updates: bool = False
    can_return_rows_from_bulk_insert: bool = False
    delete_can_self_reference_subquery: bool = True
    supports_default_keyword_in_insert: bool = True
    supports_update_conflicts_with_target: bool = False
    supports_default_keyword_in_bulk_insert: bool = True

    # Tables, columns and constraints.
    truncates_names: bool = False
    can_rename_index: bool = False
    supports_comments: bool = False
    implied_column_null: bool = False
    can_create_inline_fk: bool = True
    indexes_foreign_keys: bool = True
    supports_tablespaces: bool = False
    supports_foreign_keys: bool = True
    ignores_table_name_case: bool = False
    supports_combined_alters: bool = False
    supports_comments_inline: bool = False
    supports_partial_indexes: bool = True
    related_fields_match_type: bool = False
    requires_literal_defaults: bool = False
    supports_covering_indexes: bool = False
    can_defer_constraint_checks: bool = False
    can_introspect_foreign_keys: bool = True
    collate_as_index_expression: bool = False
    supports_expression_indexes: bool = True
    supports_forward_references: bool = True
    allows_group_by_select_index: bool = True
    supports_expression_defaults: bool = True
    supports_index_on_text_field: bool = True
    supports_unlimited_charfield: bool = False
    supports_index_column_ordering: bool = True
    supports_json_negative_indexing: bool = True
    can_introspect_check_constraints: bool = True
    supports_table_check_constraints: bool = True
    supports_column_check_constraints: bool = True
    supports_stored_generated_columns: bool = False
    supports_no_precision_decimalfield: bool = False
    supports_virtual_generated_columns: bool = False
    supports_nullable_unique_constraints: bool = True
    supports_functions_in_partial_indexes: bool = True
    supports_deferrable_unique_constraints: bool = False
    supports_alter_generated_column_data_type: bool = True
    allows_multiple_constraints_on_same_fields: bool = True
    supports_nulls_distinct_unique_constraints: bool = False
    schema_editor_uses_clientside_param_binding: bool = False
    supports_partially_nullable_unique_constraints: bool = True

    # Types.
    rounds_to_even: bool = False
    has_real_datatype: bool = False
    has_json_operators: bool = False
    supports_timezones: bool = True
    nulls_order_largest: bool = False
    supports_json_field: bool = True
    time_cast_precision: Any = 6
    order_by_nulls_first: bool = False
    empty_fetchmany_value: Any = []
    has_native_json_field: bool = False
    has_native_uuid_field: bool = False
    has_zoneinfo_database: bool = True
    supports_uuid4_function: bool = False
    supports_uuid7_function: bool = False
    has_json_object_function: bool = True
    has_native_boolean_field: bool = False
    can_introspect_json_field: bool = True
    has_native_duration_field: bool = False
    greatest_least_ignores_nulls: bool = False
    supports_json_field_contains: bool = True
    supports_uuid7_function_shift: bool = False
    supports_order_by_nulls_modifier: bool = True
    interprets_empty_strings_as_nulls: bool = False
    supports_primitives_in_json_field: bool = True
    supports_uuid4_function_in_default: bool = False
    prohibits_null_characters_in_text_exception: Any = None
    json_key_contains_list_matching_requires_list: bool = False
    requires_explicit_null_ordering_when_grouping: bool = False

    # Collations and patterns.
    has_case_insensitive_like: bool = False
    supports_regex_backreferencing: bool = True
    supports_collation_on_charfield: bool = True
    supports_collation_on_textfield: bool = True
    pattern_lookup_needs_param_pattern: bool = True
    supports_non_deterministic_collations: bool = True

    # Aggregates, grouping, ordering and windows.
    supports_any_value: bool = False
    allows_group_by_lob: bool = True
    supports_over_clause: bool = False
    supports_frame_exclusion: bool = False
    supports_bit_aggregations: bool = True
    allows_group_by_selected_pks: bool = False
    supports_default_in_lead_lag: bool = True
    supports_subqueries_in_group_by: bool = True
    supports_aggregate_filter_clause: bool = False
    supports_aggregate_order_by_clause: bool = False
    requires_compound_order_by_subquery: bool = False
    supports_frame_range_fixed_distance: bool = False
    supports_default_in_bit_aggregations: bool = True
    supports_slicing_ordering_in_compound: bool = False
    ignores_unnecessary_order_by_in_subqueries: bool = True
    supports_aggregate_distinct_multiple_argument: bool = True
    only_supports_unbounded_with_preceding_and_following: bool = False

    # Subqueries and compound queries.
    supports_select_union: bool = True
    can_distinct_on_fields: bool = False
    supports_tuple_lookups: bool = True
    supports_select_difference: bool = True
    supports_select_intersection: bool = True
    allow_sliced_subqueries_with_in: bool = True
    supports_parentheses_in_compound: bool = True
    supports_boolean_expr_in_select_clause: bool = True
    supports_tuple_comparison_against_subquery: bool = True

    # Introspection and explaining.
    supports_inspectdb: bool = True
    can_introspect_default: bool = True
    supported_explain_formats: Any = set()
    can_introspect_materialized_views: bool = False

    # The rest.
    can_clone_databases: bool = False
    supports_logical_xor: bool = False
    can_use_chunked_reads: bool = True
    test_now_utc_template: Any = None
    supports_sequence_reset: bool = True
    supports_callproc_kwargs: bool = False
    supports_cast_with_precision: bool = True
    supports_paramstyle_pyformat: bool = True
    supports_temporal_subtraction: bool = False
    supports_comparing_boolean_expr: bool = True
    supports_date_lookup_using_string: bool = True
    test_db_allows_multiple_connections: bool = True
    create_test_procedure_with_int_param_sql: Any = None
    create_test_procedure_without_params_sql: Any = None

    # What tests look at.
    #: Internal type that introspection finds for each internal type.
    introspected_field_types: Any = {
        name: name
        for name in (
            "AutoField BigAutoField SmallAutoField IntegerField BigIntegerField SmallIntegerField "
            "PositiveIntegerField PositiveBigIntegerField PositiveSmallIntegerField BinaryField "
            "BooleanField CharField DurationField GenericIPAddressField TimeField"
        ).split()
    }
    #: Collations for tests, by what they are to show.
    test_collations: Any = dict.fromkeys(("ci", "cs", "non_default", "swedish_ci", "virtual"))
    django_test_expected_failures: Any = set()
    django_test_skips: Any = {}
    #: Methods that ``SimpleTestCase`` forbids, and what they would make.
    disallowed_simple_test_case_connection_methods = [
        ("connect", "connections"),
        ("temporary_connection", "connections"),
        ("cursor", "queries"),
        ("chunked_cursor", "queries"),
    ]

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._changed()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._changed()

    @staticmethod
    def _changed() -> None:
        # Compiled queries depend on what the database can do.
        trails = sys.modules.get("django.db.models.trails")
        if trails is not None:
            trails.bump()

    @cached_property
    def supports_explaining_query_execution(self) -> bool:
        """Whether ``QuerySet.explain`` works."""
        return self.connection.ops.explain_prefix is not None

    @cached_property
    def supports_transactions(self) -> bool:
        """Whether a rollback undoes an insert; tried out on a table made for it."""
        connection = self.connection
        with connection.cursor() as cursor:
            run = cursor.execute
            run("CREATE TABLE ROLLBACK_TEST (X INT)")
            try:
                connection.set_autocommit(False)
                run("INSERT INTO ROLLBACK_TEST VALUES (8)")
                connection.rollback()
                connection.set_autocommit(True)
                run("SELECT X FROM ROLLBACK_TEST")
                return not cursor.fetchall()
            finally:
                run("DROP TABLE ROLLBACK_TEST")

    def allows_group_by_selected_pks_on_model(self, model: Any) -> bool:
        """Whether grouping by the primary key of ``model`` stands for all its columns."""
        return self.allows_group_by_selected_pks and model._meta.managed
