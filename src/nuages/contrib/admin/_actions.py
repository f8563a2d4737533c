"""Actions on several objects. Manual: "Admin actions"."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from nuages.contrib import messages
from nuages.contrib.admin._names import IS_POPUP_VAR, ActionLocation
from nuages.contrib.admin.decorators import display
from nuages.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from nuages.contrib.admin.utils import key_text, key_value, model_format_dict
from nuages.core.exceptions import SuspiciousOperation, ValidationError
from nuages.db.models.utils import blank_choice
from nuages.http import HttpResponseRedirect
from nuages.http.response import HttpResponseBase
from nuages.utils.deprecation import RemovedInDjango2028Warning, warn_about_implementation
from nuages.utils.html import format_html
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext, gettext_lazy

_LIST, _FORM = ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM

#: How the methods of a ModelAdmin were called before actions had a location.
_SIGNATURES = {
    "get_actions": "self, request, action_location=ActionLocation.CHANGE_LIST",
    "get_action_choices": (
        "self, request, default_choices=None, action_location=ActionLocation.CHANGE_LIST"
    ),
}


class Action:
    """What can be done with objects: a function, and how it is called and where it is offered.

    Args:
        func: takes the ModelAdmin, the request and a QuerySet.
        name: its name in forms.
        description: what people read where one object is meant.
        plural_description: what people read where several are meant.
        locations: on which pages it is offered.
    """

    __slots__ = ("description", "func", "locations", "name", "plural_description")

    def __init__(
        self,
        func: Callable[..., Any],
        name: str,
        description: Any,
        plural_description: Any = None,
        locations: Iterable[ActionLocation] = (_LIST,),
    ) -> None:
        self.func, self.name, self.description = func, name, description
        self.plural_description = plural_description or description
        self.locations = list(locations)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: {self.name}>"

    # An action was a tuple of its first three parts once.

    def _as_tuple(self, doing: str) -> tuple[Any, ...]:
        warnings.warn(
            f"{doing} an action tuple is deprecated. Use Action attributes instead.",
            RemovedInDjango2028Warning,
            stacklevel=3,
        )
        return self.func, self.name, self.description

    def __iter__(self) -> Iterator[Any]:
        return iter(self._as_tuple("Unpacking"))

    def __getitem__(self, index: Any) -> Any:
        return self._as_tuple("Using indexes on")[index]

    def __len__(self) -> int:
        return 3

    def label(self, location: ActionLocation) -> Any:
        """Return what people read on a page, with places for the names of the model."""
        return self.plural_description if location is _LIST else self.description


@lru_cache(maxsize=512)
def _knows_locations(method: Callable[..., Any]) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(
        each.name == "action_location" or each.kind is each.VAR_KEYWORD for each in parameters
    )


class ActionPages:
    """The part of a model's pages that offers and runs actions.

    Attributes:
        actions: names of methods, or functions; ``None``: there are none, not even the site's.
        action_form: the form that chooses one.
        actions_on_top, actions_on_bottom: where the list page has that form.
        actions_selection_counter: whether it says how many objects are ticked.
        delete_selected_confirmation_template: the page that asks before objects are deleted.
    """

    actions: Any = ()
    action_form: Any = ActionForm
    actions_on_top = True
    actions_on_bottom = False
    actions_selection_counter = True
    delete_selected_confirmation_template: Any = None

    admin_site: Any
    opts: Any

    @display(description=gettext_lazy("Select all objects on this page for an action"))
    def action_checkbox(self, obj: Any) -> str:
        """Return the box that ticks an object."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            key_text(obj.pk),
            gettext("Select this object for an action - {}").format(obj),
        )

    # What there is

    def get_action(self, action: Any) -> Action | None:
        """Return an action.

        Args:
            action: a function, or the name of a method or of an action of the site.

        Returns:
            ``None`` if nobody knows the name.
        """
        if callable(action):
            func, name = action, action.__name__
        else:
            name = action
            func = getattr(type(self), name, None)
            if func is None:
                try:
                    func = self.admin_site.get_action(name)
                except KeyError:
                    return None
        return self._described(func, name)

    @staticmethod
    def _get_action_description(func: Any, name: str) -> Any:
        return getattr(func, "short_description", None) or capfirst(name.replace("_", " "))

    @classmethod
    def _described(cls, func: Any, name: str) -> Action:
        places = getattr(func, "action_location", None) or _LIST
        return Action(
            func,
            name,
            cls._get_action_description(func, name),
            getattr(func, "plural_description", None),
            [places] if isinstance(places, ActionLocation) else places,
        )

    def _get_base_actions(self) -> list[Action]:
        """Return the actions of the site and the model's own, which win."""
        found = {name: self._described(func, name) for name, func in self.admin_site.actions}
        for each in self.actions or ():
            action = self.get_action(each)
            if action is not None:
                # One of the same name gives up its place, too.
                found.pop(action.name, None)
                found[action.name] = action
        return list(found.values())

    def _is_permitted(self, request: Any, action: Action) -> bool:
        wanted = getattr(action.func, "allowed_permissions", None)
        return wanted is None or any(
            getattr(self, f"has_{permission}_permission")(request) for permission in wanted
        )

    def get_actions(
        self, request: Any, action_location: ActionLocation = _LIST
    ) -> dict[str, Action]:
        """Return the actions that are offered to the user, by name.

        Args:
            request: the request.
            action_location: the page.
        """
        if self.actions is None or IS_POPUP_VAR in request.GET:
            return {}
        return {
            action.name: action
            for action in self._get_base_actions()
            if action_location in action.locations and self._is_permitted(request, action)
        }

    def get_action_choices(
        self, request: Any, default_choices: Any = None, action_location: ActionLocation = _LIST
    ) -> list[tuple[Any, Any]]:
        """Return what the form of actions offers: pairs of a name and what people read.

        Args:
            request: the request.
            default_choices: stand in front; by default one that says to choose.
            action_location: the page.
        """
        names = model_format_dict(self.opts)
        choices = [*(blank_choice() if default_choices is None else default_choices)]
        for name, action in self.offered_actions(request, action_location).items():
            choices.append((name, action.label(action_location) % names))
        return choices

    # Overrides that were written before actions had a location

    def _located(self, name: str, request: Any, location: ActionLocation) -> Any:
        """Call a method, and tell its author if it does not know about locations."""
        method = getattr(self, name)
        if _knows_locations(getattr(method, "__func__", method)):
            return method(request, action_location=location)
        warn_about_implementation(
            f"Overriding {name}() without the 'action_location' parameter is deprecated. Update "
            f"the signature to {name}({_SIGNATURES[name]}).",
            RemovedInDjango2028Warning,
            method,
        )
        return method(request) if location is _LIST else None

    def offered_actions(self, request: Any, location: ActionLocation) -> dict[str, Action]:
        """Return what ``get_actions()`` offers on a page, however it was overridden."""
        offered = self._located("get_actions", request, location) or {}
        return {
            name: action if isinstance(action, Action) else Action(*action)
            for name, action in offered.items()
        }

    def build_action_form(
        self, request: Any, location: ActionLocation = _LIST, data: Any = None
    ) -> Any:
        """Return the form that chooses an action.

        Args:
            request: the request.
            location: the page. On forms of one object the names have a prefix, so that they do
                not meet those of fields.
            data: what was sent.
        """
        prefix = None if location is _LIST else location.value
        form = self.action_form(data, auto_id=None, prefix=prefix)
        choices = self._located("get_action_choices", request, location)
        form.fields["action"].choices = blank_choice() if choices is None else choices
        return form

    # Running

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        """Delete objects; the action that does so calls this."""
        queryset.delete()

    def response_action(
        self, request: Any, queryset: Any, action_location: ActionLocation = _LIST
    ) -> Any:
        """Run the action that was chosen for the objects that are ticked.

        Args:
            request: the request.
            queryset: the objects that can be ticked.
            action_location: the page.

        Returns:
            What the action answers, or else a redirect to the page. ``None`` if nothing was run;
            the user is told why.

        Raises:
            SuspiciousOperation: a box has something else than a primary key.
        """
        form = self.build_action_form(
            request, action_location, self._action_data(request, action_location)
        )
        if not form.is_valid():
            self._tell(request, gettext("No action selected."))
            return None
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        across = action_location is _LIST and form.cleaned_data["select_across"]
        if not across:
            if not chosen:
                self._tell(request, NONE_CHOSEN)
                return None
            queryset = queryset.filter(pk__in=self._keys(queryset.model, chosen))
        action = self.offered_actions(request, action_location)[form.cleaned_data["action"]]
        answer = action.func(self, request, queryset)
        if isinstance(answer, HttpResponseBase):
            return answer
        return HttpResponseRedirect(request.get_full_path())

    @staticmethod
    def _action_data(request: Any, location: ActionLocation) -> Any:
        """Return what was sent, with the action of that form (of two) whose button was pressed."""
        data = request.POST.copy()
        data.pop(ACTION_CHECKBOX_NAME, None)
        pressed = data.pop("index", ["0"])[-1]
        sent = data.getlist("action")
        if location is _LIST and pressed.isdecimal() and int(pressed) < len(sent):
            data["action"] = sent[int(pressed)]
        return data

    @staticmethod
    def _keys(model: Any, texts: Iterable[str]) -> list[Any]:
        try:
            return [key_value(model, text) for text in texts]
        except (ValidationError, ValueError) as error:
            raise SuspiciousOperation(
                f"An action was sent for what is no {model._meta.label}: {error}"
            ) from error

    def _tell(self, request: Any, text: Any) -> None:
        me: Any = self
        me.message_user(request, text, messages.WARNING)


NONE_CHOSEN = gettext_lazy(
    "Items must be selected in order to perform actions on them. No items have been changed."
)


# Where the manual has them.
Action.__module__ = "django.contrib.admin.options"
