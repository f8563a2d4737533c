"""Files, templates, forms, mail and text: past advisories."""

import io
import os
import stat
import subprocess
import tarfile
import zipfile
from datetime import datetime

import pytest

from django import forms
from django.core import mail
from django.core.cache.backends.filebased import FileBasedCache
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.mail.backends import smtp
from django.core.validators import (
    DomainNameValidator,
    EmailValidator,
    URLValidator,
    validate_ipv4_address,
    validate_slug,
)
from django.db import models
from django.template import Context, Engine
from django.test import RequestFactory
from django.test.utils import isolate_apps, override_settings
from django.utils import archive
from django.utils.formats import get_format
from django.views.debug import ExceptionReporter

HIDDEN = "-".join(("hidden", "value"))
EVIL_NAMES = ["../evil", "a/../../evil", "/etc/evil", "..", ".", "a\\..\\..\\evil", "sub/../../x"]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_cve_2024_39330_2021_45452_storages_stay_in_their_folder(tmp_path, name):
    (tmp_path / "media").mkdir()
    storage = FileSystemStorage(tmp_path / "media")
    try:
        saved = storage.save(name, ContentFile(b"x"))
    except SuspiciousFileOperation:
        saved = None
    assert saved is None or (tmp_path / "media" / saved).resolve().is_relative_to(
        tmp_path / "media"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["media"]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_cve_2024_39330_an_overridden_method_does_not_change_that(tmp_path, name):
    class Trusting(FileSystemStorage):
        def generate_filename(self, filename):
            return filename

        def get_valid_name(self, name):
            return name

    (tmp_path / "media").mkdir()
    try:
        Trusting(tmp_path / "media").save(name, ContentFile(b"x"))
    except SuspiciousFileOperation:
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["media"]


@pytest.mark.parametrize("name", ["../../a.txt", "..\\..\\a.txt", "/tmp/a.txt", "C:\\x\\a.txt"])
def test_cve_2021_28658_2021_31542_2011_0698_uploads_have_no_folders(name):
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\nx\r\n--cut--'
    )
    request = RequestFactory().generic(
        "POST", "/", body.replace("\\", "\\\\"), content_type="multipart/form-data; boundary=cut"
    )
    assert request.FILES["f"].name == "a.txt"
    if "\\" not in name:
        assert UploadedFile(io.BytesIO(), name).name == "a.txt"


@pytest.mark.parametrize("name", ["..", ".", "", "/", "../.."])
def test_cve_2021_31542_names_that_are_none(name):
    try:
        upload = SimpleUploadedFile(name, b"x")
    except SuspiciousFileOperation:
        return
    assert upload.name in ("", None) or "/" not in upload.name


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil-absolute", "base-sibling/evil"])
def test_cve_2025_59682_2021_3281_archives_stay_in_their_folder(tmp_path, name):
    target = tmp_path / "base"
    target.mkdir()
    inner = f"../{name}" if name.startswith("base") else name
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        entry = tarfile.TarInfo(inner)
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
        # Without another folder, the only one would be left out of all names.
        tar.addfile(tarfile.TarInfo("other/file"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(inner, "x")
        packed.writestr("other/file", "")
    before = sorted(tmp_path.iterdir())
    for kind in ("a.tar", "a.zip"):
        with pytest.raises(Exception, match="Archive contains invalid path"):
            archive.extract(tmp_path / kind, target)
    assert sorted(tmp_path.iterdir()) == before
    assert not list(target.rglob("*evil*"))


def test_cve_2026_25674_2020_24583_2020_24584_modes_do_not_depend_on_the_umask(tmp_path):
    before = os.umask(0o000)
    try:
        storage = FileSystemStorage(
            tmp_path / "media", file_permissions_mode=0o640, directory_permissions_mode=0o750
        )
        storage.save("a/b/c.txt", ContentFile(b"x"))
        FileBasedCache(str(tmp_path / "cache" / "inner"), {}).set("a", 1)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes[tmp_path / "media" / "a" / "b"] == modes[tmp_path / "media" / "a"] == 0o750
    assert modes[tmp_path / "media" / "a" / "b" / "c.txt"] == 0o640
    assert modes[tmp_path / "cache" / "inner"] == modes[tmp_path / "cache"] == 0o700


def test_cve_2014_0481_taken_names_get_random_ends(tmp_path):
    storage = FileSystemStorage(tmp_path)
    names = {storage.save("a.txt", ContentFile(b"x")) for _ in range(3)}
    assert len(names) == 3
    assert all(len(name) > 10 for name in names - {"a.txt"})


# Validators


@pytest.mark.parametrize(
    ("validator", "good"),
    [
        (URLValidator(), "http://example.com/"),
        (EmailValidator(), "a@example.com"),
        (DomainNameValidator(), "example.com"),
        (validate_ipv4_address, "1.2.3.4"),
        (validate_slug, "a-b"),
    ],
    ids=["url", "mail", "domain", "ip", "slug"],
)
def test_cve_2026_53878_2021_32052_2015_5144_2022_0391_new_lines_are_refused(validator, good):
    validator(good)
    for end in ("\n", "\r\n", "\t", "\nX-Header: y"):
        with pytest.raises(ValidationError):
            validator(good + end)


@pytest.mark.parametrize("address", ["010.8.8.8", "1.2.3.04", "127.00.0.1"])
def test_cve_2021_33571_leading_zeros(address):
    with pytest.raises(ValidationError):
        validate_ipv4_address(address)
    with pytest.raises(ValidationError):
        URLValidator()(f"http://{address}/")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_cve_2013_4249_url_fields_take_no_scripts(url, road):
    class Form(forms.Form):
        url = forms.URLField()

    assert not Form({"url": url}).is_valid()


# What is shown


def test_cve_2011_0697_names_of_files_are_escaped(road):
    class Stored:
        url, name = '"><script>', "<script>"

        def __str__(self):
            return self.name

    html = forms.ClearableFileInput().render("f", Stored())
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_cve_2022_22818_debug_escapes_on_each_road(road):
    template = Engine(debug=True).from_string("{% debug %}")
    with override_settings(DEBUG=True):
        for _ in range(6):
            assert "<script>" not in template.render(Context({"a": "<script>"}))


@pytest.mark.parametrize(
    "text",
    ["{{ a }}", "{{ a|upper }}", "{{ a|default:'x' }}", "{% firstof b a %}", "{% cycle a a %}",
     "{% with c=a %}{{ c }}{% endwith %}", "{% for c in rows %}{{ c }}{% endfor %}",
     "{{ rows|join:a }}", "{% filter lower %}{{ a }}{% endfilter %}", "{{ a|linebreaks }}",
     "{{ a|urlize }}", "{{ a|truncatechars:30 }}", "{{ a|add:a }}", "{{ a|json_script:a }}"],
)  # fmt: skip
def test_markup_is_escaped_on_each_road(road, text):
    template = Engine().from_string(text)
    for _ in range(6):
        html = template.render(Context({"a": "<SCRIPT>x</SCRIPT>", "rows": ["<SCRIPT>"] * 2}))
        assert "<SCRIPT>x" not in html
        assert "<script>x" not in html


def test_cve_2015_8213_formats_are_no_settings():
    assert get_format("SECRET_KEY") == "SECRET_KEY"
    with override_settings(SECRET_KEY="hidden"):
        assert "hidden" not in Engine().from_string('{{ d|date:"SECRET_KEY" }}').render(
            Context({"d": datetime(2026, 1, 1)})
        )


def test_cve_2013_4315_there_is_no_ssi_tag():
    from django.template import TemplateSyntaxError

    with pytest.raises(TemplateSyntaxError, match="Invalid block tag"):
        Engine().from_string("{% ssi '/etc/passwd' %}")


def test_cve_2017_12794_tracebacks_are_escaped():
    try:
        raise ValueError("<script>alert(1)</script>") from KeyError("<b>cause</b>")
    except ValueError as error:
        reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
        html = reporter.get_traceback_html()
    assert "<script>alert(1)" not in html
    assert "<b>cause</b>" not in html


def test_settings_of_secrets_are_not_shown():
    with override_settings(DEBUG=True, API_KEY=HIDDEN):
        try:
            raise ValueError
        except ValueError as error:
            reporter = ExceptionReporter(
                RequestFactory().get("/"), type(error), error, error.__traceback__
            )
            assert HIDDEN not in reporter.get_traceback_html()


# Mail


@pytest.mark.parametrize("field", ["subject", "from_email", "to", "cc", "reply_to"])
def test_headers_of_mail_have_no_line_breaks(field):
    values = {"subject": "s", "from_email": "a@example.com", "to": ["b@example.com"]}
    evil = "x@example.com\nBcc: c@example.com"
    values[field] = evil if field in ("subject", "from_email") else [evil]
    with pytest.raises(ValueError, match=r"newlines|CR|LF|[Ll]ine"):
        mail.EmailMessage(body="x", **values).message()


def test_cve_2026_7666_no_mail_goes_out_after_a_failed_handshake(monkeypatch):
    sent = []

    class Server:
        def __init__(self, *args, **kwargs):
            pass

        def ehlo(self, *args):
            return 250, b""

        def starttls(self, **kwargs):
            raise OSError("no TLS")

        def sendmail(self, *args, **kwargs):
            sent.append(args)

        def __getattr__(self, name):
            return lambda *args, **kwargs: sent.append(name) if name.startswith("send") else None

    monkeypatch.setattr("smtplib.SMTP", Server)
    backend = smtp.EmailBackend(host="127.0.0.1", port=1, use_tls=True, fail_silently=True)
    message = mail.EmailMessage("s", "b", "a@example.com", ["b@example.com"])
    for _ in range(2):
        assert not backend.send_messages([message])
    assert not sent
    assert backend.connection is None


# Model formsets


@isolate_apps("shop")
def test_cve_2026_87975_formsets_stay_within_their_rows(rolled_back):
    from shop.models import Author

    inside = Author.objects.create(name="Inside", age=1)
    outside = Author.objects.create(name="Outside", age=2)
    Authors = forms.modelformset_factory(Author, fields=["name"], edit_only=True, extra=1)
    data = {
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(outside.pk),
        "form-0-name": "Taken",
        "form-1-id": "",
        "form-1-name": "New",
    }
    count = Author.objects.count()
    formset = Authors(data, queryset=Author.objects.filter(pk=inside.pk))
    if formset.is_valid():
        formset.save()
    outside.refresh_from_db()
    assert outside.name == "Outside"
    assert Author.objects.count() == count
    assert models


def test_cve_2007_0404_names_of_message_files_are_no_commands(tmp_path, monkeypatch):
    from django.core.management import call_command

    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    names = ["a$(touch stolen).po", "b; touch stolen;.po", "`touch stolen`.po", "--help.po"]
    for name in names:
        (folder / name).write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **options: pytest.fail("ran something"))
    call_command("compilemessages", verbosity=0)
    assert {path.name for path in folder.glob("*.mo")} == {f"{name[:-3]}.mo" for name in names}
    assert not list(tmp_path.rglob("stolen"))


def test_cve_2007_0404_commands_run_without_a_shell(tmp_path, monkeypatch):
    from django.core.management.utils import popen_wrapper

    monkeypatch.chdir(tmp_path)
    printed, _, status = popen_wrapper(["echo", "$(touch stolen); touch stolen"])
    assert (printed.strip(), status) == ("$(touch stolen); touch stolen", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("field", [forms.URLField, models.URLField])
def test_cve_2011_4137_2011_4138_no_address_is_visited(field):
    with pytest.raises(TypeError, match="verify_exists"):
        field(verify_exists=True)
