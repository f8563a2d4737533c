"""From a server to a response: the handlers of WSGI and ASGI."""
