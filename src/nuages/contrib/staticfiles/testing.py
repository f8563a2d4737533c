"""A live server for tests that serves static files too."""

from nuages.contrib.staticfiles.handlers import StaticFilesHandler
from nuages.test import LiveServerTestCase


class StaticLiveServerTestCase(LiveServerTestCase):
    """``LiveServerTestCase`` with the files that the finders know, without ``collectstatic``."""

    static_handler = StaticFilesHandler
