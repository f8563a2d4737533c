"""Widgets of the admin's forms. Manual: "ModelAdmin options"; "Widgets".

Class names, ``data-`` attributes and the paths of scripts are what style sheets, scripts and
themes know the widgets by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from nuages import forms
from nuages.conf import settings
from nuages.contrib.admin._names import IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR
from nuages.core.exceptions import ObjectDoesNotExist, ValidationError
from nuages.core.validators import URLValidator
from nuages.forms.renderers import DjangoTemplates, TemplatesSetting, offer
from nuages.forms.utils import standard_renderer, twin_of
from nuages.templatetags.static import static
from nuages.urls import get_resolver, get_script_prefix, get_urlconf, reverse
from nuages.urls.exceptions import NoReverseMatch
from nuages.utils.html import conditional_escape, smart_urlquote
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.text import Truncator
from nuages.utils.translation import get_language
from nuages.utils.translation import gettext as _

Attributes = Mapping[str, Any]


def scripts(*names: str) -> list[str]:
    """Return the paths of the admin's own scripts."""
    return [f"admin/js/{name}" for name in names]


def vendored(name: str, kind: str = "js") -> str:
    """Return the path of a library's file: readable in debug mode, small otherwise."""
    minified = "" if settings.DEBUG else ".min"
    return f"admin/{kind}/vendor/{name}{minified}.{kind}"


class _Styled(forms.Widget):
    """A widget with a class of its own, and perhaps more attributes, unless others are given."""

    own_attrs: dict[str, Any] = {}

    def __init_subclass__(cls, css: str = "", size: int = 0, **kwargs: Any) -> None:
        """Take the HTML class and the size from the class line."""
        super().__init_subclass__(**kwargs)
        if css:
            cls.own_attrs = {"class": css} | ({"size": str(size)} if size else {})

    def __init__(self, attrs: Attributes | None = None, **kwargs: Any) -> None:
        super().__init__(attrs={**self.own_attrs, **(attrs or {})}, **kwargs)


class AdminTextInputWidget(_Styled, forms.TextInput, css="vTextField"):
    """A line of text."""


class AdminEmailInputWidget(_Styled, forms.EmailInput, css="vTextField"):
    """An email address."""


class AdminTextareaWidget(_Styled, forms.Textarea, css="vLargeTextField"):
    """Several lines of text."""


class AdminIntegerFieldWidget(_Styled, forms.NumberInput, css="vIntegerField"):
    """A whole number."""


class AdminBigIntegerFieldWidget(AdminIntegerFieldWidget, css="vBigIntegerField"):
    """A large whole number."""


class AdminUUIDInputWidget(_Styled, forms.TextInput, css="vUUIDField"):
    """A UUID."""


class AdminRadioSelect(forms.RadioSelect):
    """Radio buttons, as ``radio_fields`` asks for."""

    template_name = "admin/widgets/radio.html"


class AdminFileWidget(forms.ClearableFileInput):
    """A file, with a link to the present one."""

    template_name = "admin/widgets/clearable_file_input.html"
    use_fieldset = True


class AdminURLFieldWidget(_Styled, forms.URLInput, css="vURLField"):
    """A URL, with a link to the present one if it is valid.

    Args:
        attrs: HTML attributes.
        validator_class: makes the validator that decides about the link.
    """

    template_name = "admin/widgets/url.html"

    def __init__(
        self, attrs: Attributes | None = None, validator_class: type[Any] = URLValidator
    ) -> None:
        super().__init__(attrs)
        self.validator = validator_class()

    def _links(self, value: Any) -> bool:
        try:
            self.validator(value or "")
        except ValidationError:
            return False
        return True

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the link."""
        context = super().get_context(name, value, attrs)
        valid = self._links(value)
        context["widget"]["href"] = smart_urlquote(context["widget"]["value"]) if valid else ""
        return {
            **context,
            "url_valid": valid,
            "current_label": _("Currently:"),
            "change_label": _("Change:"),
        }


# Dates and times.


class _Clocked(_Styled):
    """An input that a calendar or clock stands beside, and a warning about time zones below."""

    class Media:
        js = scripts("calendar.js", "admin/DateTimeShortcuts.js")

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Point to the warning, besides other descriptions."""
        context = super().get_context(name, value, attrs)
        # Both parts of a split input share the warning of the whole.
        base = name[:-2] if name.endswith(("_0", "_1")) and self._is_part else name
        described = context["widget"]["attrs"]
        warning = f"id_{base}_timezone_warning_helptext"
        others = described.get("aria-describedby", "").split()
        described["aria-describedby"] = " ".join([*others, warning])
        return context

    _is_part = False


class BaseAdminDateWidget(_Clocked, forms.DateInput, css="vDateField", size=10):
    """A date."""


class AdminDateWidget(BaseAdminDateWidget):
    """A date, in a paragraph of its own."""

    template_name = "admin/widgets/date.html"


class BaseAdminTimeWidget(_Clocked, forms.TimeInput, css="vTimeField", size=8):
    """A time of day."""


class AdminTimeWidget(BaseAdminTimeWidget):
    """A time of day, in a paragraph of its own."""

    template_name = "admin/widgets/time.html"


class AdminSplitDateTime(forms.SplitDateTimeWidget):
    """Date and time, in an input each."""

    template_name = "admin/widgets/split_datetime.html"

    def __init__(self, attrs: Attributes | None = None) -> None:
        parts: list[_Clocked] = [BaseAdminDateWidget(), BaseAdminTimeWidget()]
        for part in parts:
            part._is_part = True
        forms.MultiWidget.__init__(self, parts, attrs)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the labels of both inputs."""
        context = super().get_context(name, value, attrs)
        return {**context, "date_label": _("Date:"), "time_label": _("Time:")}


# Choices.


class FilteredSelectMultiple(forms.SelectMultiple):
    """Two boxes, one with what is chosen and one with the rest, and a filter.

    Args:
        verbose_name: what is chosen, in the plural.
        is_stacked: whether the boxes stand above one another.
        attrs: HTML attributes.
        choices: the choices.
    """

    use_fieldset = True

    class Media:
        js = [forms.Script(path) for path in scripts("core.js", "SelectBox.js", "SelectFilter2.js")]

    def __init__(
        self,
        verbose_name: Any,
        is_stacked: bool,
        attrs: Attributes | None = None,
        choices: Any = (),
    ) -> None:
        super().__init__(attrs, choices)
        self.verbose_name, self.is_stacked = verbose_name, is_stacked

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Say to the script what it has to make of the list."""
        context = super().get_context(name, value, attrs)
        stacked = bool(self.is_stacked)
        context["widget"]["attrs"] |= {
            "class": "selectfilterstacked" if stacked else "selectfilter",
            "data-field-name": self.verbose_name,
            "data-is-stacked": int(stacked),
        }
        return context


def _as_parameter(value: Any) -> str:
    """Return what a condition's value looks like in an address."""
    given = value() if callable(value) else value
    if isinstance(given, bool):
        return str(int(given))
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping)):
        return ",".join(map(str, given))
    return str(given)


def url_params_from_lookup_dict(lookups: Any) -> dict[str, str]:
    """Return the parameters of a list page that shows the rows with these conditions.

    Args:
        lookups: what ``limit_choices_to`` holds; a ``Q`` object cannot be put into an address.
    """
    if not lookups or not hasattr(lookups, "items"):
        return {}
    return {name: _as_parameter(value) for name, value in lookups.items()}


def _page_of(site: Any, opts: Any, action: str, *args: Any) -> str:
    name = f"admin:{opts.app_label}_{opts.model_name}_{action}"
    return reverse(name, args=args, current_app=site.name)


class ForeignKeyRawIdWidget(forms.TextInput):
    """The key of a row, with a link to the list it can be looked up in.

    Args:
        rel: the relation (``field.remote_field``).
        admin_site: the site whose list pages are linked.
        attrs: HTML attributes.
        using: the alias of the database the row is read from.
    """

    template_name = "admin/widgets/foreign_key_raw_id.html"
    lookup_class = "vForeignKeyRawIdAdminField"

    def __init__(
        self, rel: Any, admin_site: Any, attrs: Attributes | None = None, using: str | None = None
    ) -> None:
        super().__init__(attrs)
        self.rel, self.admin_site, self.db = rel, admin_site, using

    def base_url_parameters(self) -> dict[str, str]:
        """Return the parameters that limit the list."""
        limit = self.rel.limit_choices_to
        return url_params_from_lookup_dict(limit() if callable(limit) else limit)

    def url_parameters(self) -> dict[str, str]:
        """Return the parameters of the list: its limits, and which key is wanted."""
        return self.base_url_parameters() | {TO_FIELD_VAR: self.rel.get_related_field().name}

    def _describe(self, context: dict[str, Any], value: Any) -> None:
        label, url = self.label_and_url_for_value(value) if value else (None, None)
        context["link_label"] = label
        if value:
            context["link_url"] = url

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the links to the list and to the present row."""
        context = super().get_context(name, value, attrs)
        opts = self.rel.model._meta
        if self.admin_site.is_registered(self.rel.model):
            query = urlencode(self.url_parameters())
            address = _page_of(self.admin_site, opts, "changelist")
            context["related_url"] = f"{address}?{query}" if query else address
            context["link_title"] = _("Lookup")
            own = context["widget"]["attrs"]
            own.setdefault("class", self._css_class())
        else:
            context["related_url"] = None
        self._describe(context, context["widget"]["value"])
        return context

    def _css_class(self) -> str:
        from nuages.db.models import UUIDField

        is_uuid = isinstance(self.rel.get_related_field(), UUIDField)
        return f"{self.lookup_class} vUUIDField" if is_uuid else self.lookup_class

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        """Return what the row is called, and where it is changed; empty texts if there is none."""
        model = self.rel.model
        rows = model._default_manager.using(self.db)
        try:
            row = rows.get(**{self.rel.get_related_field().name: value})
        except (ValueError, TypeError, ObjectDoesNotExist, ValidationError, OverflowError):
            return "", ""
        from nuages.contrib.admin.utils import quote

        try:
            url = _page_of(self.admin_site, row._meta, "change", quote(row.pk))
        except NoReverseMatch:
            url = ""  # not registered
        return Truncator(row).words(14), url


class ManyToManyRawIdWidget(ForeignKeyRawIdWidget):
    """The keys of rows, separated by commas."""

    template_name = "admin/widgets/many_to_many_raw_id.html"
    lookup_class = "vManyToManyRawIdAdminField"

    url_parameters = ForeignKeyRawIdWidget.base_url_parameters

    def _css_class(self) -> str:
        return self.lookup_class

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        """Return nothing: several rows have no one name."""
        return "", ""

    def _describe(self, context: dict[str, Any], value: Any) -> None:
        context["link_label"], context["link_url"] = self.label_and_url_for_value(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the list of keys that was sent, ``None`` for none."""
        sent = data.get(name)
        return sent.split(",") if sent else None

    def format_value(self, value: Any) -> str:
        """Return the keys in one text."""
        return ",".join(map(str, value)) if value else ""


def _of_inner(name: str, doc: str) -> Any:
    """Return a property that another widget answers."""
    return property(
        lambda self: getattr(self.widget, name),
        lambda self, value: setattr(self.widget, name, value),
        doc=doc,
    )


def _by_inner(name: str, doc: str) -> Any:
    """Return a method that another widget answers."""

    def method(self: Any, *args: Any) -> Any:
        return getattr(self.widget, name)(*args)

    method.__name__, method.__doc__ = name, doc
    return method


_RIGHTS = ("add", "change", "delete", "view")


class RelatedFieldWidgetWrapper(forms.Widget):
    """Another widget, with links to add, change, delete and see the objects it offers.

    Args:
        widget: the other widget.
        rel: the relation (``field.remote_field``).
        admin_site: the site whose pages are linked.
        can_add_related: whether there is a link to add one; by default, if the model is registered.
        rights: ``can_change_related``, ``can_delete_related``, ``can_view_related``: whether there
            is a link for the chosen object. By default there is none.
    """

    template_name = "admin/widgets/related_widget_wrapper.html"
    clone_parts = {"widget": twin_of}

    can_change_related = can_delete_related = can_view_related = False

    def __init__(
        self,
        widget: Any,
        rel: Any,
        admin_site: Any,
        can_add_related: bool | None = None,
        *positional: bool,
        **rights: bool,
    ) -> None:
        self.widget, self.rel, self.admin_site = widget, rel, admin_site
        self._shells: dict[Any, str] = {}
        self.needs_multipart_form = widget.needs_multipart_form
        self.use_fieldset = widget.use_fieldset
        # A shared dictionary: what forms set on this widget, the other one shows.
        self.attrs = widget.attrs
        self.attrs.setdefault("data-context", "available-source")
        self.can_add_related = (
            admin_site.is_registered(rel.model) if can_add_related is None else can_add_related
        )
        names = [f"can_{action}_related" for action in _RIGHTS[1:]]
        given = {**dict(zip(names, positional)), **rights}
        if unknown := given.keys() - set(names):
            raise TypeError(f"RelatedFieldWidgetWrapper has no option {min(unknown)!r}.")
        # The links follow the one option that is chosen in a list.
        if isinstance(widget, forms.Select) and not widget.allow_multiple_selected:
            vars(self).update(given)
        if getattr(getattr(rel, "on_delete", None), "__name__", "") == "CASCADE":
            self.can_delete_related = False

    is_hidden = _of_inner("is_hidden", "Whether the other widget is hidden.")
    media = _of_inner("media", "The other widget's assets.")
    choices = _of_inner("choices", "The other widget's choices.")
    id_for_label = _by_inner("id_for_label", "Return the other widget's id.")
    value_from_datadict = _by_inner("value_from_datadict", "Return what the other widget reads.")
    value_omitted_from_data = _by_inner(
        "value_omitted_from_data", "Return what the other widget says."
    )

    def get_related_url(self, info: tuple[str, str], action: str, *args: Any) -> str:
        """Return the address of a page of the related model.

        Args:
            info: its application's label and its name.
            action: ``add``, ``change`` or ``delete``.
        """
        name = "_".join((*info, action))
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)

    def _addresses(self) -> Iterator[tuple[str, str]]:
        """Yield the addresses of the pages, with ``__fk__`` for the key of the chosen object."""
        opts = self.rel.model._meta
        info = opts.app_label, opts.model_name
        if self.can_add_related:
            yield "add_related_url", self.get_related_url(info, "add")
        for action, needed in (
            ("delete", self.can_delete_related),
            ("change", self.can_change_related or self.can_view_related),
        ):
            if needed:
                url = self.get_related_url(info, action, "__fk__")
                yield f"{action}_related_template_url", url

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Return the other widget as HTML, and the links."""
        return {"rendered_widget": self.widget.render(name, value, attrs), **self._frame(name)}

    def render(
        self, name: str, value: Any, attrs: Attributes | None = None, renderer: Any = None
    ) -> SafeString:
        """Return the other widget and the links as HTML."""
        chosen = standard_renderer() if renderer is None else renderer
        if type(self).get_context is not _OWN_CONTEXT or not _is_own(chosen, self.template_name):
            return super().render(name, value, attrs, chosen)
        # The links of all forms are alike: the template is asked once, with marks for what differs.
        key, shells = self._key(chosen), self._shells
        # The site keeps them for other requests.
        if isinstance(of_site := getattr(self.admin_site, "_widget_shells", None), MutableMapping):
            shells = of_site.setdefault(get_resolver(get_urlconf()), {})
        shell = shells.get(key)
        if shell is None:
            if len(shells) >= _MOST_SHELLS:
                shells.clear()
            frame = self._frame(_NAME) | {"rendered_widget": mark_safe(_INNER)}
            shell = shells[key] = self._render(self.template_name, frame, chosen)
        html = shell.replace(_NAME, conditional_escape(name))
        return mark_safe(html.replace(_INNER, self.widget.render(name, value, attrs)))

    def _key(self, renderer: Any) -> tuple[Any, ...]:
        """Return all that the links depend on, apart from the name."""
        opts, source = self.rel.model._meta, self.rel.field
        return (
            type(self),
            self.template_name,
            renderer,
            get_language(),
            get_urlconf(),
            get_script_prefix(),
            static("admin/img/icon-addlink.svg"),
            self.admin_site.name,
            self.rel.model,
            str(opts.verbose_name),
            self.rel.get_related_field().name,
            source.model._meta.label_lower,
            bool(self.rel.limit_choices_to),
            self.is_hidden,
            *[getattr(self, f"can_{action}_related") for action in _RIGHTS],
        )

    def _frame(self, name: str) -> dict[str, Any]:
        """Return what the template gets, apart from the other widget."""
        opts = self.rel.model._meta
        key = f"{TO_FIELD_VAR}={self.rel.get_related_field().name}"
        source = f"{SOURCE_MODEL_VAR}={self.rel.field.model._meta.label_lower}"
        rights = [f"can_{action}_related" for action in _RIGHTS]
        return {
            "name": name,
            "model": opts.verbose_name,
            "model_name": opts.model_name,
            "model_has_limit_choices_to": self.rel.limit_choices_to,
            "is_hidden": self.is_hidden,
            "view_related_url_params": key,
            "url_params": "&".join((key, f"{IS_POPUP_VAR}=1", source)),
            **{right: getattr(self, right) for right in rights},
            **dict(self._addresses()),
        }


_OWN_CONTEXT = RelatedFieldWidgetWrapper.get_context
# No name of a field has these signs, and no HTML.
_NAME, _INNER = "\ufdd0name\ufdd1", "\ufdd0inner\ufdd1"
_MOST_SHELLS = 256
_TEMPLATES = Path(__file__).parent / "templates"
_OWN_TEMPLATES = str(_TEMPLATES)
for _path, _function in (
    (AdminDateWidget.template_name, "date"),
    (AdminTimeWidget.template_name, "time"),
    (AdminSplitDateTime.template_name, "date_and_time"),
):
    offer(_path, f"nuages.contrib.admin._written.{_function}", _TEMPLATES / _path)


def _is_own(renderer: Any, template_name: str) -> bool:
    """Return whether a renderer finds our template, and not one that a theme has put before it."""
    if not isinstance(renderer, DjangoTemplates | TemplatesSetting):
        return False  # nobody knows what it does
    if type(renderer) is DjangoTemplates:
        return renderer.origin_of(template_name).startswith(_OWN_TEMPLATES)
    template = getattr(renderer.get_template(template_name), "template", None)
    origin = getattr(getattr(template, "origin", None), "name", None) or ""
    return str(origin).startswith(_OWN_TEMPLATES)


# Choices that are searched for on the server.

_SELECT2_CODES = (
    "af ar az bg bn bs ca cs da de dsb el en es et eu fa fi fr gl he hi hr hsb hu hy id is it ja "
    "ka km ko lt lv mk ms nb ne nl pl ps pt pt-BR ro ru sk sl sq sr sr-Cyrl sv th tk tr uk vi "
    "zh-CN zh-TW"
).split()
#: The files of translations that Select2 has, by our language codes.
SELECT2_TRANSLATIONS = {code.lower(): code for code in _SELECT2_CODES} | {
    "zh-hans": "zh-CN",
    "zh-hant": "zh-TW",
}


def _shortened(code: str) -> Iterator[str]:
    """Yield a language code, and its ever shorter beginnings."""
    while code:
        yield code
        code = code.rpartition("-")[0]


@cache
def _select2_file(code: str) -> str | None:
    names = (SELECT2_TRANSLATIONS.get(part) for part in _shortened(code))
    return next(filter(None, names), None)


def get_select2_language() -> str | None:
    """Return the name of Select2's translation for the active language, or ``None``."""
    return _select2_file((get_language() or "").lower())


class AutocompleteMixin:
    """A list whose options are asked for while somebody types.

    Args:
        field: the relation's field.
        admin_site: the site that answers.
        attrs: HTML attributes.
        choices: the choices.
        using: the alias of the database.
    """

    url_name = "%s:autocomplete"
    attrs: dict[str, Any]
    choices: Any
    is_required: bool
    allow_multiple_selected: bool
    create_option: Any

    def __init__(
        self,
        field: Any,
        admin_site: Any,
        attrs: Attributes | None = None,
        choices: Any = (),
        using: str | None = None,
    ) -> None:
        self.field, self.admin_site, self.db = field, admin_site, using
        self.choices = choices
        self.attrs = {} if attrs is None else dict(attrs)

    def get_url(self) -> str:
        """Return the address of the view that answers."""
        return reverse(self.url_name % self.admin_site.name)

    def build_attrs(
        self, base_attrs: Attributes, extra_attrs: Attributes | None = None
    ) -> dict[str, Any]:
        """Add what Select2 reads from the element."""
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)  # type: ignore[misc]
        opts = self.field.model._meta
        names = [attrs.get("class", ""), "admin-autocomplete"]
        of_select2 = {
            "ajax--cache": "true",
            "ajax--delay": 250,
            "ajax--type": "GET",
            "ajax--url": self.get_url(),
            "app-label": opts.app_label,
            "model-name": opts.model_name,
            "field-name": self.field.name,
            "theme": "admin-autocomplete",
            "allow-clear": json.dumps(not self.is_required),
            "placeholder": "",  # without one, nothing can be cleared
        }
        attrs["class"] = " ".join(filter(None, names))
        if language := get_select2_language():
            attrs["lang"] = language
        return attrs | {f"data-{name}": value for name, value in of_select2.items()}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> list[Any]:
        """Return the chosen options only; the others are asked for later."""
        formfield = self.choices.field
        wanted = {str(one) for one in value if str(one) not in formfield.empty_values}
        options = []
        if not self.is_required and not self.allow_multiple_selected:
            options.append(self.create_option(name, "", "", False, 0))
        if wanted:
            rows = self.choices.queryset.using(self.db)
            key = self._key_of(rows.model)
            for row in rows.filter(**{f"{key}__in": wanted}):
                own, label = getattr(row, key), formfield.label_from_instance(row)
                number = len(options)
                options.append(self.create_option(name, own, label, str(own) in wanted, number))
        return [(None, options, 0)]

    def _key_of(self, model: Any) -> str:
        relation = getattr(self.field, "remote_field", None)
        target = getattr(relation, "field_name", None)
        return (model._meta.get_field(target) if target else model._meta.pk).attname

    @property
    def media(self) -> forms.Media:
        """Select2 with its translation, and the script that starts it."""
        language = get_select2_language()
        translated = scripts(f"vendor/select2/i18n/{language}.js") if language else ()
        return forms.Media(
            js=(
                vendored("jquery/jquery"),
                vendored("select2/select2.full"),
                *translated,
                *scripts("jquery.init.js", "autocomplete.js"),
            ),
            css={
                "screen": (vendored("select2/select2", "css"), "admin/css/autocomplete.css"),
            },
        )


class AutocompleteSelect(AutocompleteMixin, forms.Select):
    """One object. Manual: "ModelAdmin options", ``autocomplete_fields``."""


class AutocompleteSelectMultiple(AutocompleteMixin, forms.SelectMultiple):
    """Several objects."""
