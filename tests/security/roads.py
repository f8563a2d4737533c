"""How requests are sent through the whole stack, over both protocols."""

import asyncio
import io
import sys

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}


def by_wsgi(path, *, method="GET", headers=(), body=b"", query="", content_type=""):
    got = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers},
    }
    answer = WSGIHandler()(environ, lambda status, headers: got.append((status, headers)))
    content = b"".join(answer)
    answer.close()
    return Answer(int(got[0][0][:3]), got[0][1], content)


def by_asgi(path, *, method="GET", headers=(), body=b"", query="", content_type="", length=None):
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if content_type:
        pairs.append((b"content-type", content_type.encode()))
    if length is not False:
        pairs.append((b"content-length", str(len(body) if length is None else length).encode()))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": pairs,
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    sent = []
    chunks = [body[start : start + 65536] for start in range(0, len(body), 65536)] or [b""]
    events = [
        {"type": "http.request", "body": chunk, "more_body": chunk is not chunks[-1]}
        for chunk in chunks
    ]

    async def receive():
        if events:
            return events.pop(0)
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    asyncio.run(ASGIHandler()(scope, receive, send))
    start = sent[0]
    content = b"".join(message.get("body", b"") for message in sent[1:])
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
    ]
    return Answer(start["status"], headers, content)
