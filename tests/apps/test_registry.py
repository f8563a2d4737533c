"""The registry of applications: what is refused, and in which words."""

import types

import pytest

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured


def test_labels_must_be_unique():
    with pytest.raises(ImproperlyConfigured, match="aren't unique, duplicates: shop"):
        Apps(["shop", "shop"])


def test_an_unknown_application_is_named():
    with pytest.raises(LookupError, match="No installed app with label 'shops'"):
        apps.get_app_config("shops")
    with pytest.raises(LookupError, match="'django.contrib.auth'"):
        apps.get_app_config("django.contrib.auth")


def test_a_missing_module_is_named():
    with pytest.raises(ImportError, match="no_such_application"):
        Apps(["no_such_application"])


def test_an_application_without_a_folder_must_say_where_it_is():
    module = types.ModuleType("nowhere")
    with pytest.raises(ImproperlyConfigured, match="has no filesystem location"):
        AppConfig("nowhere", module)


def test_models_are_not_to_be_had_too_early():
    registry = Apps()
    registry.apps_ready = registry.models_ready = False
    with pytest.raises(AppRegistryNotReady, match="Apps aren't loaded yet"):
        registry.get_app_configs()


def test_lazy_operations_wait_for_their_models():
    from django.db import models

    registry, seen = Apps(), []
    registry.lazy_model_operation(
        lambda first, second: seen.append((first, second)), ("x", "one"), ("x", "two")
    )
    meta = {"app_label": "x", "apps": registry}
    made = []
    for name in ("One", "Two"):
        assert not seen
        body = {"__module__": __name__, "Meta": type("Meta", (), meta)}
        made.append(type(name, (models.Model,), body))
    assert seen == [tuple(made)]


def test_the_configuration_that_says_default_is_chosen(tmp_path, monkeypatch):
    folder = tmp_path / "two_configs"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "apps.py").write_text(
        "from django.apps import AppConfig\n"
        "class First(AppConfig):\n    name = 'two_configs'\n    default = False\n"
        "class Second(AppConfig):\n    name = 'two_configs'\n    default = True\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert type(AppConfig.create("two_configs")).__name__ == "Second"
