"""``collectstatic``: what is copied, what is left, and the names that hold hashes."""

import hashlib
import io
import json
import os

import pytest

from django.apps import apps
from django.contrib.staticfiles import finders, storage
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import CommandError, call_command
from django.test.utils import override_settings


class Faithful(storage.StaticFilesStorage):
    """Goes the plain way, as it overrides a method."""

    def save(self, name, content, max_length=None):
        return super().save(name, content, max_length)


class Manifest(storage.ManifestStaticFilesStorage):
    support_js_module_import_aggregation = True


class FaithfulManifest(Manifest):
    def save(self, name, content, max_length=None):
        return super().save(name, content, max_length)


FILES = {
    "img/a.png": b"\x89PNG a",
    "img/b c.png": b"\x89PNG b",
    "css/base.css": b"/* url(gone.png) */ .a { background: url('../img/a.png?v=1#x') }",
    "css/site.css": b'@import "base.css";\n.b { background: url("../img/b%20c.png") }',
    "css/all.css": b'@import "site.css";\n@import url(base.css);\n',
    "js/one.js": b'export const one = 1;\n// import "./gone.js"\n',
    "js/two.js": b'import {one} from "./one.js";\nexport {one};\n//# sourceMappingURL=two.js.map\n',
    "js/two.js.map": b"{}",
    "large.bin": b"x" * (2**20 + 1),
}


@pytest.fixture
def collect(tmp_path):
    """Return a function that collects ``src`` into ``out``, with a storage."""
    source = tmp_path / "src"
    for name, content in FILES.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def run(kind, **options):
        settings = {
            "INSTALLED_APPS": ["django.contrib.staticfiles"],
            "STATIC_URL": "/static/",
            "STATIC_ROOT": str(tmp_path / "out"),
            "STATICFILES_DIRS": [str(source)],
            "STORAGES": {
                "staticfiles": {
                    "BACKEND": f"{kind.__module__}.{kind.__qualname__}",
                    "OPTIONS": options.pop("OPTIONS", {}),
                }
            },
        }
        with override_settings(**settings):
            finders.get_finder.cache_clear()
            storage.staticfiles_storage._wrapped = storages["staticfiles"]
            output = io.StringIO()
            try:
                call_command("collectstatic", interactive=False, stdout=output, **options)
            finally:
                finders.get_finder.cache_clear()
        return output.getvalue().strip()

    run.source, run.out = source, tmp_path / "out"
    assert not apps.is_installed("django.contrib.staticfiles")
    yield run
    from django.utils.functional import empty

    storage.staticfiles_storage._wrapped = empty


def content_of(folder):
    return {
        os.path.relpath(os.path.join(here, name), folder): (folder / here / name).read_bytes()
        for here, _, names in os.walk(folder)
        for name in names
    }


both = pytest.mark.parametrize("kind", [storage.StaticFilesStorage, Faithful])


@both
def test_files_are_copied_once(collect, kind):
    assert collect(kind) == f"9 static files copied to '{collect.out}'."
    assert content_of(collect.out) == FILES
    again = f"0 static files copied to '{collect.out}', 9 unmodified."
    assert collect(kind) == again


@both
def test_what_is_newer_is_copied_again(collect, kind):
    collect(kind)
    changed = collect.source / "img" / "a.png"
    changed.write_bytes(b"new")
    os.utime(changed, (2**31, 2**31))
    assert collect(kind).startswith("1 static file copied")
    assert (collect.out / "img" / "a.png").read_bytes() == b"new"
    # Within the same second nothing counts as newer.
    copied = (collect.out / "img" / "a.png").stat().st_mtime
    os.utime(changed, (int(copied) + 0.9, int(copied) + 0.9))
    assert collect(kind).startswith("0 static files copied")


@both
def test_a_link_gives_way_to_a_copy_and_back(collect, kind):
    collect(kind, link=True)
    assert (collect.out / "img" / "a.png").is_symlink()
    assert "9 unmodified" in collect(kind, link=True)
    assert collect(kind).startswith("9 static files copied")
    assert not (collect.out / "img" / "a.png").is_symlink()
    assert content_of(collect.source) == FILES
    assert collect(kind, link=True).startswith("9 static files symlinked")


@both
def test_modes_are_those_of_the_storage(collect, kind):
    options = {"file_permissions_mode": 0o604, "directory_permissions_mode": 0o705}
    collect(kind, OPTIONS=options)
    assert (collect.out / "css" / "all.css").stat().st_mode & 0o777 == 0o604
    assert (collect.out / "css").stat().st_mode & 0o777 == 0o705


@both
def test_a_dry_run_changes_nothing(collect, kind):
    collect(kind, dry_run=True)
    assert not collect.out.exists()


def test_hashed_names_are_those_of_the_plain_way(collect):
    summary = collect(Manifest)
    assert summary == f"9 static files copied to '{collect.out}', 9 post-processed."
    ours = content_of(collect.out)
    collect(FaithfulManifest, clear=True)
    assert content_of(collect.out) == ours
    names = json.loads(ours["staticfiles.json"])["paths"]
    assert set(names) == set(FILES)
    digest = hashlib.md5(FILES["img/a.png"]).hexdigest()[:12]
    assert names["img/a.png"] == f"img/a.{digest}.png"
    # References lead to hashed names, through chains too; comments stay.
    base = ours[names["css/base.css"]].decode()
    assert base == f'/* url(gone.png) */ .a {{ background: url("../img/a.{digest}.png?v=1#x") }}'
    assert os.path.basename(names["css/site.css"]) in ours[names["css/all.css"]].decode()
    assert os.path.basename(names["js/one.js"]) in ours[names["js/two.js"]].decode()
    assert os.path.basename(names["js/two.js.map"]) in ours[names["js/two.js"]].decode()


def test_the_second_run_writes_nothing_that_is_there(collect):
    collect(Manifest)
    before = {path: path.stat().st_mtime_ns for path in collect.out.rglob("*.*.*")}
    # What may refer to others is looked through again.
    assert collect(Manifest).endswith("9 unmodified, 5 post-processed.")
    assert {path: path.stat().st_mtime_ns for path in collect.out.rglob("*.*.*")} == before


def test_a_change_moves_on_through_references(collect):
    collect(Manifest)
    first = json.loads((collect.out / "staticfiles.json").read_bytes())["paths"]
    changed = collect.source / "img" / "a.png"
    changed.write_bytes(b"new")
    os.utime(changed, (2**31, 2**31))
    collect(Manifest)
    second = json.loads((collect.out / "staticfiles.json").read_bytes())["paths"]
    moved = {name for name in first if first[name] != second[name]}
    assert moved == {"img/a.png", "css/base.css", "css/site.css", "css/all.css"}


@pytest.mark.parametrize("count", [2, 3])
def test_files_that_refer_to_each_other_in_a_circle(collect, count):
    for number in range(count):
        path = collect.source / "css" / f"ring{number}.css"
        path.write_text(f'@import "ring{(number + 1) % count}.css";')
    ring = ", ".join(f"css/ring{number}.css" for number in range(count))
    with pytest.raises(CommandError, match=f"{ring}' failed: Max post-process passes exceeded"):
        collect(Manifest)


def test_each_file_is_read_at_most_twice(collect, monkeypatch):
    for number in range(1, 9):
        text = f'@import "chain{number + 1}.css";' if number < 8 else ""
        (collect.source / "css" / f"chain{number}.css").write_text(text)
    read = []
    original = storage.HashedFilesMixin._read

    def counted(paths, name):
        read.append(name)
        return original(paths, name)

    monkeypatch.setattr(storage.HashedFilesMixin, "_read", staticmethod(counted))
    collect(Manifest)
    assert max(read.count(name) for name in read) == 2


def test_a_missing_file_is_named_with_its_line(collect):
    (collect.source / "css" / "bad.css").write_text("a {}\n\n.b { background: url(gone.png) }")
    with pytest.raises(CommandError, match=r"css/bad.css:3: The file 'css/gone.png' could not be"):
        collect(Manifest)


def test_names_cannot_lead_out_of_the_folder(tmp_path):
    from django.contrib.staticfiles._copying import Directory
    from django.core.exceptions import SuspiciousFileOperation

    directory = Directory(FileSystemStorage(location=tmp_path / "inside"))
    for name in ("../out.txt", "/tmp/out.txt", "a/../../out.txt"):
        with pytest.raises(SuspiciousFileOperation):
            directory.write(name, b"x")
    # A name that is taken is not overwritten.
    assert directory.write("a.txt", b"1") == "a.txt"
    assert directory.write("a.txt", b"2") != "a.txt"
    assert (tmp_path / "inside" / "a.txt").read_bytes() == b"1"


class Fussy(Manifest):
    """Has its own opinion on what holds no references."""

    def get_ignored_blocks(self, content, regex):
        end = content.find("!")
        return [*super().get_ignored_blocks(content, regex), *([(0, end)] if end > 0 else [])]


@pytest.mark.parametrize("text", ["", "ä ſ K"], ids=["ascii", "letters"])
def test_references_are_found_in_any_case(collect, text):
    css = collect.source / "css"
    (css / "cases.css").write_text(f'/* {text} */ @IMPORT "base.css"; a {{ b: URL(base.css) }}')
    js = collect.source / "js"
    (js / "cases.js").write_text(f'// {text}\nIMPORT "./one.js";\n"import \'./gone.js\'";\n')
    collect(Manifest)
    names = json.loads((collect.out / "staticfiles.json").read_text())["paths"]
    base = names["css/base.css"].removeprefix("css/")
    written = (collect.out / names["css/cases.css"]).read_text()
    assert written == f'/* {text} */ @import url("{base}"); a {{ b: url("{base}") }}'
    one = names["js/one.js"].removeprefix("js/")
    written = (collect.out / names["js/cases.js"]).read_text()
    assert written == f'// {text}\nimport"./{one}";\n"import \'./gone.js\'";\n'


def test_a_storage_may_ignore_more(collect):
    content = "a { b: url(gone.png) } ! c { d: url(base.css) }"
    (collect.source / "css" / "fussy.css").write_text(content)
    collect(Fussy)
    names = json.loads((collect.out / "staticfiles.json").read_text())["paths"]
    base = names["css/base.css"].removeprefix("css/")
    written = (collect.out / names["css/fussy.css"]).read_text()
    assert written == content.replace("url(base.css)", f'url("{base}")')
