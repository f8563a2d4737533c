"""Compressed responses. Manual: "GZip middleware"."""

from __future__ import annotations

from typing import Any

from nuages.utils.cache import patch_vary_headers
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.regex_helper import _lazy_re_compile
from nuages.utils.text import acompress_sequence, compress_sequence, compress_string

re_accepts_gzip = _lazy_re_compile(r"\bgzip\b")


class GZipMiddleware(MiddlewareMixin):
    """Compresses responses for browsers that accept it, with some random bytes against BREACH."""

    inline = True
    max_random_bytes = 100
    #: Shorter contents are not worth it.
    _smallest = 200

    def process_response(self, request: Any, response: Any) -> Any:
        """Compress the content, where that makes it smaller."""
        if "Content-Encoding" in response or (
            not response.streaming and len(response.content) < self._smallest
        ):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if not re_accepts_gzip.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            return response
        if response.streaming:
            squeeze = acompress_sequence if response.is_async else compress_sequence
            response.streaming_content = squeeze(
                response.streaming_content, max_random_bytes=self.max_random_bytes
            )
            del response.headers["Content-Length"]
        else:
            content = response.content
            smaller = compress_string(content, max_random_bytes=self.max_random_bytes)
            if len(smaller) >= len(content):
                return response
            response.content = smaller
            response.headers["Content-Length"] = str(len(smaller))
        response.headers["Content-Encoding"] = "gzip"
        etag = response.get("ETag", "")
        if etag.startswith('"'):
            # RFC 9110: another encoding is another representation, equal in meaning only.
            response.headers["ETag"] = "W/" + etag
        return response
