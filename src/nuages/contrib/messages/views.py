"""Messages from generic views."""

from typing import Any

from nuages.contrib.messages import success


class SuccessMessageMixin:
    """Leaves a message when the form of a view was valid.

    Manual: "Adding messages in class-based views".
    """

    success_message = ""

    def form_valid(self, form: Any) -> Any:
        """Go on as the view does, and leave the message."""
        response = super().form_valid(form)  # type: ignore[misc]
        if text := self.get_success_message(form.cleaned_data):
            success(self.request, text)  # type: ignore[attr-defined]
        return response

    def get_success_message(self, cleaned_data: dict[str, Any]) -> str:
        """Return ``success_message``, filled with the form's data."""
        return self.success_message % cleaned_data
