"""A table of all models. Manual: "The contenttypes framework"."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nuages.apps import apps
from nuages.db import models
from nuages.db.models import Q
from nuages.utils.translation import gettext_lazy as _


class ContentTypeManager(models.Manager):
    """Finds content types, and remembers them per database."""

    use_in_migrations = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Per database: content types by id, and by application and model.
        self._cache: dict[str, dict[Any, ContentType]] = {}

    def _remembered(self, using: str) -> dict[Any, ContentType]:
        return self._cache.setdefault(using, {})

    def _add_to_cache(self, using: str, ct: ContentType) -> ContentType:
        self._remembered(using).update({(ct.app_label, ct.model): ct, ct.pk: ct})
        return ct

    def clear_cache(self) -> None:
        """Forget all content types."""
        self._cache.clear()

    def get_by_natural_key(self, app_label: str, model: str) -> ContentType:
        """Return the content type of a model name.

        Raises:
            ContentType.DoesNotExist: there is none.
        """
        known = self._remembered(self.db).get((app_label, model))
        return known or self._add_to_cache(self.db, self.get(app_label=app_label, model=model))

    @staticmethod
    def _get_opts(model: Any, for_concrete_model: bool) -> Any:
        return (model._meta.concrete_model if for_concrete_model else model)._meta

    def get_for_model(self, model: Any, for_concrete_model: bool = True) -> ContentType:
        """Return the content type of a model (or instance), which is made if it is missing.

        Args:
            model: a model or an instance.
            for_concrete_model: for a proxy, give that of the model it stands for.
        """
        opts = self._get_opts(model, for_concrete_model)
        using = self.db
        key = (opts.app_label, opts.model_name)
        known = self._remembered(using).get(key)
        if known is not None:
            return known
        names = {"app_label": opts.app_label, "model": opts.model_name}
        try:
            # Reading first: most often it is there, and replicas cannot write.
            found = self.get(**names)
        except self.model.DoesNotExist:
            found, _ = self.get_or_create(**names)
        return self._add_to_cache(using, found)

    def get_for_models(
        self, *models: Any, for_concrete_models: bool = True
    ) -> dict[Any, ContentType]:
        """Return the content types of several models, with one query for those not known.

        Args:
            models: models or instances.
            for_concrete_models: as for ``get_for_model``.
        """
        using = self.db
        known = self._remembered(using)
        found: dict[Any, ContentType] = {}
        wanted: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        for model in models:
            opts = self._get_opts(model, for_concrete_models)
            key = (opts.app_label, opts.model_name)
            if key in known:
                found[model] = known[key]
            else:
                wanted[key].append(model)
        if not wanted:
            return found
        by_app: defaultdict[str, list[str]] = defaultdict(list)
        for app_label, model_name in wanted:
            by_app[app_label].append(model_name)
        condition = Q(
            *(Q(app_label=label, model__in=names) for label, names in by_app.items()),
            _connector=Q.OR,
        )
        for ct in self.filter(condition):
            for model in wanted.pop((ct.app_label, ct.model), ()):
                found[model] = ct
            self._add_to_cache(using, ct)
        for (app_label, model_name), missing in wanted.items():
            ct = self.create(app_label=app_label, model=model_name)
            self._add_to_cache(using, ct)
            found |= dict.fromkeys(missing, ct)
        return found

    def get_for_id(self, id: int) -> ContentType:
        """Return the content type of an id.

        Raises:
            ContentType.DoesNotExist: there is none.
        """
        known = self._remembered(self.db).get(id)
        return known or self._add_to_cache(self.db, self.get(pk=id))


class ContentType(models.Model):
    """A model, as a row."""

    class Meta:
        db_table = "django_content_type"
        unique_together = [["app_label", "model"]]
        verbose_name, verbose_name_plural = _("content type"), _("content types")

    app_label = models.CharField(max_length=100)
    model = models.CharField(max_length=100, verbose_name=_("python model class name"))

    objects = ContentTypeManager()

    def natural_key(self) -> tuple[str, str]:
        """Return application label and model name."""
        return self.app_label, self.model

    def __str__(self) -> str:
        return self.app_labeled_name

    @property
    def name(self) -> str:
        """What the model calls itself."""
        model = self.model_class()
        return self.model if model is None else str(model._meta.verbose_name)

    @property
    def app_labeled_name(self) -> str:
        """Name of the application and of the model."""
        model = self.model_class()
        if model is None:
            return f"{self.app_label} | {self.model}"
        return f"{model._meta.app_config.verbose_name} | {model._meta.verbose_name}"

    def model_class(self) -> type[models.Model] | None:
        """Return the model; None if it does not exist any more."""
        try:
            return apps.get_model(self.app_label, self.model)
        except LookupError:
            return None

    def get_object_for_this_type(self, using: str | None = None, **kwargs: Any) -> Any:
        """Return the instance of the model that fits the lookups.

        Raises:
            ObjectDoesNotExist: there is none.
        """
        return self._of_model().using(using).get(**kwargs)

    def get_all_objects_for_this_type(self, **kwargs: Any) -> Any:
        """Return a queryset of the instances that fit the lookups."""
        return self._of_model().filter(**kwargs)

    def _of_model(self) -> Any:
        return self.model_class()._base_manager  # type: ignore[union-attr]
