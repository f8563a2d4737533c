"""What MariaDB and MySQL can do."""

from __future__ import annotations

import operator
from functools import cached_property
from typing import Any

from nuages.db.backends.base.features import BaseDatabaseFeatures

_PROCEDURE = """
CREATE PROCEDURE test_procedure (%s)
BEGIN
    DECLARE copied INTEGER;
    SET copied = %s;
END;
"""


class _PerServer:
    """A feature that only one of the two servers has."""

    def __init__(self, *, mariadb: Any, mysql: Any) -> None:
        self.mariadb, self.mysql = mariadb, mysql

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.mariadb if instance.connection.mysql_is_mariadb else self.mysql
        # Read from the instance from now on, where a test may set it as well.
        instance.__dict__[self.name] = value
        return value


class DatabaseFeatures(BaseDatabaseFeatures):
    """One class for both servers, which differ less than their names."""

    minimum_database_version = _PerServer(mariadb=(10, 11), mysql=(8, 4))
    empty_fetchmany_value = ()

    # Transactions and locks.
    can_release_savepoints = True
    atomic_transactions = False
    has_select_for_update = has_select_for_update_nowait = has_select_for_update_skip_locked = True
    has_select_for_update_of = select_for_update_of_column = False

    # INSERT, UPDATE and DELETE.
    insert_test_table_with_defaults = "INSERT INTO {} () VALUES ()"
    #: MariaDB reads a table that it changes, MySQL does not.
    update_can_self_select = _PerServer(mariadb=True, mysql=False)
    delete_can_self_reference_subquery = False
    supports_update_conflicts = True
    supports_on_delete_db_default = False
    can_return_columns_from_insert = _PerServer(mariadb=True, mysql=False)
    can_return_rows_from_bulk_insert = _PerServer(mariadb=True, mysql=False)

    # Tables, columns and constraints.
    can_rename_index = True
    related_fields_match_type = True
    implied_column_null = False
    supports_comments = supports_comments_inline = True
    supports_forward_references = False
    supports_partial_indexes = False
    supports_index_on_text_field = False
    supports_deferrable_unique_constraints = False
    supports_stored_generated_columns = supports_virtual_generated_columns = True
    supports_expression_indexes = _PerServer(mariadb=False, mysql=True)
    supports_default_keyword_in_bulk_insert = True
    supports_alter_generated_column_data_type = True
    allows_multiple_constraints_on_same_fields = True
    indexes_foreign_keys = True
    collate_as_index_expression = True

    # Types.
    supports_timezones = False
    order_by_nulls_first = True
    supports_date_lookup_using_string = False
    supports_json_negative_indexing = False
    has_native_uuid_field = _PerServer(mariadb=True, mysql=False)
    can_introspect_json_field = True
    supports_uuid4_function = False

    # Aggregates, grouping, ordering and windows.
    supports_any_value = _PerServer(mariadb=False, mysql=True)
    supports_over_clause = supports_frame_range_fixed_distance = True
    supports_aggregate_order_by_clause = True
    supports_order_by_nulls_modifier = False
    requires_explicit_null_ordering_when_grouping = True
    supports_default_in_lead_lag = _PerServer(mariadb=False, mysql=True)
    supports_default_in_bit_aggregations = False
    supports_logical_xor = True
    supports_temporal_subtraction = True

    # Compound queries and subqueries.
    supports_slicing_ordering_in_compound = True
    allow_sliced_subqueries_with_in = False

    supports_regex_backreferencing = False
    can_clone_databases = True
    test_now_utc_template = "UTC_TIMESTAMP(6)"
    create_test_procedure_without_params_sql = _PROCEDURE % ("", "1")
    create_test_procedure_with_int_param_sql = _PROCEDURE % ("given INTEGER", "given")
    introspected_field_types = {
        **BaseDatabaseFeatures.introspected_field_types,
        "BinaryField": "TextField",
        "BooleanField": "IntegerField",
        "DurationField": "BigIntegerField",
        "GenericIPAddressField": "CharField",
    }
    supported_explain_formats = _PerServer(
        mariadb={"JSON", "TEXT", "TRADITIONAL"}, mysql={"JSON", "TEXT", "TRADITIONAL", "TREE"}
    )

    @cached_property
    def test_collations(self) -> dict[str, str]:
        """Collations that tests ask for."""
        strange = "utf8mb4_esperanto_ci"
        return {
            "ci": "utf8mb4_general_ci",
            "non_default": strange,
            "swedish_ci": "utf8mb4_swedish_ci",
            "virtual": strange,
        }

    @cached_property
    def _mysql_storage_engine(self) -> str:
        engine: str = self.connection.mysql_server_data["default_storage_engine"]
        return engine

    def _on_transactional_engine(self) -> bool:
        return self._mysql_storage_engine != "MyISAM"

    # MyISAM tables have neither.
    uses_savepoints = property(_on_transactional_engine)

    @cached_property
    def supports_transactions(self) -> bool:
        """Whether a rollback undoes something."""
        return self._on_transactional_engine()

    @cached_property
    def ignores_table_name_case(self) -> bool:  # type: ignore[override]
        """Whether the server folds the names of tables."""
        return bool(self.connection.mysql_server_data["lower_case_table_names"])

    @cached_property
    def has_zoneinfo_database(self) -> bool:  # type: ignore[override]
        """Whether the server's tables of time zones were loaded."""
        return bool(self.connection.mysql_server_data["has_zoneinfo_database"])

    @cached_property
    def is_sql_auto_is_null_enabled(self) -> bool:
        """Whether ``WHERE id IS NULL`` would find the last row inserted."""
        return bool(self.connection.mysql_server_data["sql_auto_is_null"])

    @cached_property
    def allows_auto_pk_0(self) -> bool:  # type: ignore[override]
        """Whether 0 is a key like any other, and not a wish for the next number."""
        return "NO_AUTO_VALUE_ON_ZERO" in self.connection.sql_mode

    @cached_property
    def allows_group_by_selected_pks(self) -> bool:  # type: ignore[override]
        """Whether the primary key stands for all columns of its table in GROUP BY."""
        if not self.connection.mysql_is_mariadb:
            return True
        # MariaDB does not find out that they depend on it; it is content if it need not.
        return operator.contains(self.connection.sql_mode, "ONLY_FULL_GROUP_BY") is False
