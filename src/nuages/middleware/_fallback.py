"""What middleware that answers for pages nobody has found share."""

from typing import Any

from nuages.utils.concurrency import sync_to_async
from nuages.utils.deprecation import MiddlewareMixin


class NotFoundFallback(MiddlewareMixin):
    """Gives each response of status 404 a second chance; any other passes untouched.

    A subclass defines ``answer(request)``, which may block: only then does an async request
    need a thread.
    """

    def answer(self, request: Any, response: Any) -> Any:
        """Return what to send instead of ``response``, or ``response`` itself."""
        return response

    def process_response(self, request: Any, response: Any) -> Any:
        """Return ``response``, or the answer in its place."""
        return self.answer(request, response) if response.status_code == 404 else response

    async def aprocess_response(self, request: Any, response: Any) -> Any:
        """Do the same for an async request."""
        if response.status_code != 404:
            return response
        return await sync_to_async(self.process_response, thread_sensitive=True)(request, response)
