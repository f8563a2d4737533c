"""Parts of the page that adds and changes objects."""

from __future__ import annotations

import json
from typing import Any

from nuages import template
from nuages.contrib.admin.templatetags.base import InclusionAdminNode
from nuages.template.context import Context

register = template.Library()


def _prepopulated(field: Any) -> dict[str, Any]:
    """Return what the script needs to fill a field from others."""
    own = field["field"]
    return {
        "id": f"#{own.auto_id}",
        "name": own.name,
        "dependency_ids": [f"#{each.auto_id}" for each in field["dependencies"]],
        "dependency_list": [each.name for each in field["dependencies"]],
        "maxLength": own.field.max_length or 50,
        "allowUnicode": getattr(own.field, "allow_unicode", False),
    }


def prepopulated_fields_js(context: Any) -> Any:
    """Describe the fields that are filled from others, for the script that does so."""
    fields: list[Any] = []
    if "adminform" in context:
        fields.extend(context["adminform"].prepopulated_fields)
    for inline in context.get("inline_admin_formsets") or ():
        for form in inline:
            if form.original is None:
                fields.extend(form.prepopulated_fields)
    context.update(
        {
            "prepopulated_fields": fields,
            "prepopulated_fields_json": json.dumps([_prepopulated(field) for field in fields]),
        }
    )
    return context


def submit_row(context: Any) -> Context:
    """Tell which buttons there are.

    Args:
        context: of the page. ``show_save``, ``show_save_and_continue``,
            ``show_save_and_add_another`` and ``show_delete`` may hide some.
    """
    add, change, popup = context["add"], context["change"], context["is_popup"]
    may_add, may_change = context["has_add_permission"], context["has_change_permission"]
    inlines = context["has_editable_inline_admin_formsets"]
    save_as = context["save_as"]
    can_save = (may_change and change) or (may_add and add) or inlines
    wanted = {name: context.get(f"show_{name}", True) for name in _BUTTONS}
    possible = {
        "save": can_save,
        "save_and_add_another": may_add and not popup and (not save_as or add) and can_save,
        "save_and_continue": can_save and not popup and context["has_view_permission"],
        "delete": change and not popup and context["has_delete_permission"],
    }
    shown = {name: bool(wanted[name] and possible[name]) for name in _BUTTONS}
    row = Context(context)
    row.update(
        {
            "can_change": may_change or inlines,
            "show_delete_link": shown.pop("delete"),
            "show_save_as_new": bool(may_add and may_change and change and save_as and not popup),
            "show_close": not shown["save"],
            **{f"show_{name}": is_shown for name, is_shown in shown.items()},
        }
    )
    return row


_BUTTONS = ("save", "save_and_add_another", "save_and_continue", "delete")


def _whole(context: Any) -> Any:
    return context


# Each is a tag whose template may be the model's own.
for _name, _function, _template in (
    ("prepopulated_fields_js", prepopulated_fields_js, "prepopulated_fields_js.html"),
    ("submit_row", submit_row, "submit_line.html"),
    ("change_form_object_tools", _whole, "change_form_object_tools.html"),
    ("change_form_actions", _whole, "change_form_actions.html"),
):

    def _compile(
        parser: Any,
        token: Any,
        name: str = _name,
        function: Any = _function,
        template_name: str = _template,
    ) -> InclusionAdminNode:
        return InclusionAdminNode(name, parser, token, func=function, template_name=template_name)

    register.tag(_name, _compile)


@register.filter
def cell_count(inline_admin_form: Any) -> int:
    """Return how many cells a row of a tabular inline has."""
    # The cell with the object's name and key, the fields to be seen, and the box that deletes.
    fields = sum(line.visible_count for fieldset in inline_admin_form for line in fieldset)
    return 1 + fields + bool(inline_admin_form.formset.can_delete)
