"""Helpers for Python's older email classes, which other packages may import. Deprecated."""

from nuages.core.mail.legacy.message import (
    BadHeaderError,
    MIMEText,
    SafeMIMEMultipart,
    SafeMIMEText,
    forbid_multi_line_headers,
    sanitize_address,
)

__all__ = (
    "BadHeaderError",
    "MIMEText",
    "SafeMIMEMultipart",
    "SafeMIMEText",
    "forbid_multi_line_headers",
    "sanitize_address",
)
