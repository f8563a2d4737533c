"""Run one area of the suite and record what became of every test.

This is the child process of ``conformance.py``: it is started once for each
area (a top-level folder of the suite's tests) with the path of a JSON file
describing the job, and appends one JSON object a line to the job's ``out``:

    {"kind": "plan",  "tests": [[MODULE, NAME], ...]}  what was found to run
    {"kind": "start", "id": ID}                        a test begins
    {"kind": "test",  "module": M, "name": N, "outcome": O, "note": TEXT}
    {"kind": "event", "what": STEP, "target": T, "note": TEXT}
    {"kind": "end"}                                    the area ran to its end

It does what the suite's own ``runtests.py`` does, but asks as little as it can
of the engine under test: ``django.conf.settings``, ``django.setup()``, the app
registry's ``set_installed_apps()``, and the documented helpers of
``django.test.utils``. Whatever step fails is recorded as an event and the run
goes on without it, so that a half-built engine is still measured: tests that
need the missing piece fail, the others count.
"""

import copy
import faulthandler
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest
import warnings

OUTCOMES = (
    "passed",
    "failed",
    "error",
    "skipped",
    "expectedfailure",
    "unexpectedsuccess",
)

# The settings under which the suite expects to run (see its runtests.py).
ALWAYS_INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sites",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
SILENCED_SYSTEM_CHECKS = ["fields.W342", "postgres.E005"]
APPS_WITHOUT_MIGRATIONS = ["auth", "contenttypes", "sessions"]

# Areas whose models or tests need a further application.
EXTRA_APPS = {
    "deprecation": ["django.contrib.flatpages", "django.contrib.redirects"],
    "flatpages_tests": ["django.contrib.flatpages"],
    "redirects_tests": ["django.contrib.redirects"],
}

NOTE_LENGTH = 300


class TestTimeLimit(BaseException):
    """A single test ran past its time limit.

    Not an ``Exception``, so that the code under test does not swallow it.
    """


def first_line(exc_info):
    """Return ``Type: first line of the message`` for an exception."""
    kind, value, _ = exc_info
    lines = [line for line in str(value).splitlines() if line.strip()]
    if lines and lines[0].startswith(("Failed to import test module", "Failed to call load_tests")):
        # unittest wraps a whole traceback in the message: the cause is last.
        return lines[-1].strip()[:NOTE_LENGTH]
    text = f"{kind.__name__}: {lines[0].strip()}" if lines else kind.__name__
    return text[:NOTE_LENGTH]


class Log:
    """The JSON-lines file the parent reads."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.pid = os.getpid()

    def write(self, kind, **fields):
        # Children forked by a test share this file: only the driver writes.
        if os.getpid() == self.pid:
            self.file.write(json.dumps({"kind": kind, **fields}) + "\n")
            self.file.flush()

    def event(self, what, target="", exc_info=None, note=None):
        if exc_info is not None:
            note = first_line(exc_info)
            traceback.print_exception(*exc_info)
        self.write("event", what=what, target=target, note=note or "")


def split_id(test):
    """Split a test's id into its module and the name within the module."""
    module = type(test).__module__
    return module, test.id().removeprefix(module + ".")


class Recorder(unittest.TestResult):
    """A unittest result that writes each test's outcome to the log."""

    def __init__(self, log, seconds_per_test):
        super().__init__()
        self.log = log
        self.seconds_per_test = seconds_per_test
        self.recorded = set()
        self.subtest_failure = self.subtest_skip = None
        # "module.Class" or "module" -> (outcome, note), from class and module
        # fixtures that failed or asked to skip.
        self.fixtures = {}

    # One test's life.

    def startTest(self, test):
        super().startTest(test)
        self.subtest_failure = self.subtest_skip = None
        self.log.write("start", id=test.id())
        if self.seconds_per_test:
            signal.setitimer(signal.ITIMER_REAL, self.seconds_per_test)

    def stopTest(self, test):
        if self.seconds_per_test:
            signal.setitimer(signal.ITIMER_REAL, 0)
        # unittest says nothing more of a test that lost one of its parts.
        if part := self.subtest_failure or self.subtest_skip:
            self.record(test, *part)
        super().stopTest(test)

    def record(self, test, outcome, note=""):
        self.write_outcome(*split_id(test), outcome, note)

    def write_outcome(self, module, name, outcome, note):
        if (module, name) in self.recorded:
            # A test may fail and then fail again in its clean-up.
            return
        self.recorded.add((module, name))
        self.log.write("test", module=module, name=name, outcome=outcome, note=note)

    def record_problem(self, test, outcome, exc_info):
        note = first_line(exc_info)
        traceback.print_exception(*exc_info)
        if isinstance(test, unittest.loader._FailedTest):
            self.log.event("import", target=test._testMethodName, note=note)
        elif isinstance(test, unittest.TestCase):
            self.record(test, outcome, note)
        else:
            self.record_fixture(test, outcome, note)

    def record_fixture(self, holder, outcome, note):
        """Note the failure or skip of setUpClass, tearDownModule and so on."""
        what, _, target = holder.id().rstrip(")").partition(" (")
        if what.startswith("setUp"):
            self.fixtures.setdefault(target, (outcome, note))
        if outcome != "skipped":
            self.log.event(what, target=target, note=note)

    # What unittest reports.

    def addSuccess(self, test):
        super().addSuccess(test)
        self.record(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.record_problem(test, "error", err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record_problem(test, "failed", err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        note = reason.splitlines()[0][:NOTE_LENGTH] if reason else ""
        if isinstance(test, unittest.case._SubTest):
            self.subtest_skip = ("skipped", note)
        elif isinstance(test, unittest.TestCase):
            self.record(test, "skipped", note)
        else:
            self.record_fixture(test, "skipped", note)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.record(test, "expectedfailure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.record(test, "unexpectedsuccess")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None and self.subtest_failure is None:
            failed = issubclass(err[0], test.failureException)
            self.subtest_failure = ("failed" if failed else "error", first_line(err))
            traceback.print_exception(*err)

    def record_unreached(self, planned):
        """Record the tests that a class or module fixture kept from running."""
        for owner, module, name in planned:
            if (module, name) not in self.recorded:
                outcome, note = self.fixtures.get(
                    owner, self.fixtures.get(module, ("error", "not run"))
                )
                self.write_outcome(module, name, outcome, note)


# The engine.


def importable(dotted_path):
    """Whether ``package.module.Name`` can be imported from the engine."""
    module, _, name = dotted_path.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), name)
    except Exception:
        return False


def configure(tests_dir, tmp, apps, middleware, context_processors):
    """Point the engine's settings where the suite wants them; start it."""
    import django
    from django.conf import settings

    settings.INSTALLED_APPS = list(apps)
    settings.ROOT_URLCONF = "urls"
    settings.STATIC_URL = "static/"
    settings.STATIC_ROOT = os.path.join(tmp, "static")
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [os.path.join(tests_dir, "templates")],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": list(context_processors)},
        }
    ]
    settings.LANGUAGE_CODE = "en"
    settings.SITE_ID = 1
    settings.MIDDLEWARE = list(middleware)
    # The models of the tests have no migrations, and many of them refer to
    # these applications.
    settings.MIGRATION_MODULES = dict.fromkeys(APPS_WITHOUT_MIGRATIONS)
    try:
        from django.utils.log import DEFAULT_LOGGING
    except ImportError:
        pass
    else:
        logging_config = copy.deepcopy(DEFAULT_LOGGING)
        logging_config["loggers"]["django"]["level"] = "ERROR"
        settings.LOGGING = logging_config
    settings.SILENCED_SYSTEM_CHECKS = list(SILENCED_SYSTEM_CHECKS)
    django.setup()


def install(apps):
    """Add applications to those installed."""
    from django.apps import apps as registry
    from django.conf import settings

    present = {config.name for config in registry.get_app_configs()}
    for app in apps:
        if app not in present:
            settings.INSTALLED_APPS.append(app)
    registry.set_installed_apps(settings.INSTALLED_APPS)


def make_warnings_errors():
    """Treat as errors the warnings that the suite's own runner does."""
    try:
        from django.utils import deprecation
    except Exception:
        pass
    else:
        for name in ("RemovedInNextVersionWarning", "RemovedAfterNextVersionWarning"):
            category = getattr(deprecation, name, None)
            if category is not None:
                warnings.simplefilter("error", category)
    warnings.simplefilter("error", ResourceWarning)
    warnings.simplefilter("error", RuntimeWarning)


# The tests.


def cases_of(suite):
    """Yield the test cases of a suite, however deeply nested."""
    for item in suite:
        if isinstance(item, unittest.TestCase):
            yield item
        else:
            yield from cases_of(item)


def in_order(cases):
    """Order tests as the suite expects, without repeats, class by class.

    Tests in transactions run first, then the other tests of the framework
    (which may flush the database), then plain unittest cases.
    """
    try:
        from django.test import SimpleTestCase, TestCase
    except Exception:
        ranks = (unittest.loader._FailedTest,)
    else:
        ranks = (unittest.loader._FailedTest, TestCase, SimpleTestCase)
    by_rank = [{} for _ in range(len(ranks) + 1)]
    for case in cases:
        rank = next((n for n, cls in enumerate(ranks) if isinstance(case, cls)), len(ranks))
        by_rank[rank].setdefault(type(case), {})[case] = None
    return [case for classes in by_rank for group in classes.values() for case in group]


def databases_of(cases):
    """Return the database aliases that tests use, and whether to serialize."""
    from django.db import connections

    wanted = {}
    for case in cases:
        aliases = getattr(case, "databases", None)
        if aliases == "__all__":
            aliases = connections
        for alias in aliases or ():
            serialize = getattr(case, "serialized_rollback", False)
            wanted[alias] = serialize or wanted.get(alias, False)
    return wanted


def create_databases(aliases):
    """Create the test databases and return a function that removes them."""
    from django.test.utils import setup_databases, teardown_databases

    old_config = setup_databases(
        verbosity=0,
        interactive=False,
        aliases=aliases,
        serialized_aliases={alias for alias, wanted in aliases.items() if wanted},
    )
    return lambda: teardown_databases(old_config, verbosity=0)


def on_alarm(signum, frame):
    raise TestTimeLimit("the test ran past its time limit")


def run(job, job_path):
    """Run the job's area."""
    log = Log(job["out"])
    area, tests_dir = job["area"], job["tests_dir"]

    if job["engine_starts"]:
        try:
            make_warnings_errors()
            configure(
                tests_dir,
                job["tmp"],
                job["apps"],
                job["middleware"],
                job["context_processors"],
            )
        except Exception:
            log.event("setup", exc_info=sys.exc_info())
        else:
            if job["install_area"]:
                try:
                    install([*EXTRA_APPS.get(area, []), area])
                except Exception:
                    log.event("install", target=area, exc_info=sys.exc_info())
                    # The registry is in an unknown state: start again without.
                    with open(job_path, "w", encoding="utf-8") as file:
                        json.dump({**job, "install_area": False}, file)
                    os.execv(sys.executable, [sys.executable, __file__, job_path])
        try:
            from django.test.utils import setup_test_environment

            unittest.installHandler()
            setup_test_environment(debug=False)
        except Exception:
            log.event("test environment", exc_info=sys.exc_info())

    loader = unittest.TestLoader()
    suite = loader.discover(os.path.join(tests_dir, area), top_level_dir=tests_dir)
    cases = in_order(cases_of(suite))

    databases, remove_databases = {}, None
    try:
        databases = databases_of(cases)
        remove_databases = create_databases(databases)
    except Exception:
        log.event("databases", exc_info=sys.exc_info())

    if job["engine_starts"]:
        try:
            from django.core.management import call_command

            call_command("check", verbosity=0, databases=list(databases))
        except (Exception, SystemExit):
            log.event("checks", exc_info=sys.exc_info())

    if job["seconds_per_test"]:
        signal.signal(signal.SIGALRM, on_alarm)
    result = Recorder(log, job["seconds_per_test"])
    # What is to run, without keeping alive the test objects and all they hold.
    planned = [
        (unittest.util.strclass(type(case)), *split_id(case))
        for case in cases
        if not isinstance(case, unittest.loader._FailedTest)
    ]
    log.write("plan", tests=[[module, name] for _, module, name in planned])
    suite = unittest.TestSuite(cases)
    del cases
    try:
        suite.run(result)
    except TestTimeLimit:
        log.event("run", exc_info=sys.exc_info())
    else:
        result.record_unreached(planned)

    if remove_databases is not None:
        try:
            remove_databases()
        except Exception:
            log.event("remove databases", exc_info=sys.exc_info())
    log.write("end")


def probe(job):
    """Report which middleware exists, and whether the engine starts."""
    answer = {"starts": False, "note": ""}
    started = time.perf_counter()
    try:
        configure(
            job["tests_dir"],
            job["tmp"],
            job["apps"],
            job["middleware"],
            job["context_processors"],
        )
        answer["starts"] = True
    except Exception:
        answer["note"] = first_line(sys.exc_info())
        traceback.print_exc()
    answer["seconds"] = time.perf_counter() - started
    for key in ("middleware", "context_processors"):
        answer[key] = [path for path in job[key] if importable(path)]
    try:
        import django

        version = getattr(django, "get_version", lambda: "unknown")()
        name = getattr(django, "__name__", "django")
        answer["engine"] = f"{name} {version}"
    except Exception:
        answer["engine"] = "not importable"
    Log(job["out"]).write("probe", **answer)


def main():
    job_path = sys.argv[1]
    with open(job_path, encoding="utf-8") as file:
        job = json.load(file)
    # As when the suite's own runner is the script: its folder is on the path,
    # this one is not.
    sys.path[0] = job["tests_dir"]
    sys.argv = ["runtests.py"]
    os.chdir(job["tests_dir"])
    faulthandler.enable()
    gc.set_threshold(100_000)
    tempfile.tempdir = os.environ["TMPDIR"] = job["tmp"]
    os.environ["DJANGO_SETTINGS_MODULE"] = job["settings"]
    os.environ["RUNNING_DJANGOS_TEST_SUITE"] = "true"
    os.environ["RUNTESTS_DIR"] = job["tests_dir"]
    if job["probe"]:
        probe(job)
    else:
        run(job, job_path)
    # Not a plain return: a thread left behind by a test must not keep us.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
