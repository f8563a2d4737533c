"""JSON by generated functions is the JSON of the hooks, for whatever lies on instances."""

import datetime
import decimal
import io
import json
import uuid
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.apps.registry import Apps
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.core.serializers.json import Serializer as JSONSerializer
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.safestring import mark_safe

registry = Apps()


class Everything(models.Model):
    text = models.TextField(null=True)
    größe = models.IntegerField(null=True)
    ratio = models.FloatField(null=True)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    good = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    hour = models.TimeField(null=True)
    age = models.DurationField(null=True)
    key = models.UUIDField(null=True)
    data = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    file = models.FileField(null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    friends = models.ManyToManyField("self")

    class Meta:
        app_label = "percent"
        apps = registry


class Code(models.Model):
    code = models.CharField(max_length=10, primary_key=True)
    text = models.TextField()
    number = models.IntegerField()

    class Meta:
        app_label = "percent"
        apps = registry

    def natural_key(self):
        return (self.code,)


class Level(IntEnum):
    HIGH = 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
zones = st.none() | st.just(datetime.UTC) | st.just(datetime.timezone(datetime.timedelta(hours=5)))
#: By field: what it holds, and what a project may put there too.
VALUES = {
    "text": st.text() | st.just(mark_safe("<%s>")) | st.integers(),
    "größe": st.integers() | st.just(Level.HIGH) | st.booleans(),
    "ratio": st.floats() | st.integers(),
    "price": st.decimals(allow_nan=False, places=2),
    "good": st.booleans(),
    "day": st.dates() | st.datetimes(),
    "moment": st.datetimes(timezones=zones),
    "hour": st.times(),
    "age": st.timedeltas(),
    "key": st.uuids(),
    "data": json_values,
    "raw": st.binary(),
    "file": st.text(max_size=5),
    "parent_id": st.integers(),
}
instances = st.lists(
    st.fixed_dictionaries(
        {"id": st.none() | st.integers()},
        optional={name: st.none() | values for name, values in VALUES.items()},
    ),
    max_size=4,
)
layouts = st.sampled_from([("json", {}), ("json", {"indent": 2}), ("json", {"indent": 0})]) | (
    st.sampled_from([("jsonl", {}), ("json", {"indent": None}), ("json", {"sort_keys": True})])
)


def both(format, objects, **options):
    """Return what the generated functions write, and what the hooks write."""
    texts = []
    for switches in ({}, {"COMPILED_SERIALIZERS": False}):
        with override_settings(NUAGES=switches):
            texts.append(serializers.serialize(format, objects, **options))
    return texts


@given(instances, layouts, st.sampled_from([None, ["text", "parent", "data"], []]))
def test_generated_functions_write_what_hooks_write(rows, layout, fields):
    format, options = layout
    objects = [Everything(**row) for row in rows]
    for obj in objects:
        # Where a many-to-many field's objects lie after prefetching.
        obj._prefetched_objects_cache = {"friends": objects[:1]}
    ours, plain = both(format, objects, fields=fields, **options)
    assert ours == plain


@given(st.lists(st.tuples(st.text(), st.text(), st.integers())), layouts, st.booleans())
def test_plain_models_and_natural_keys(rows, layout, natural):
    format, options = layout
    objects = [Code(*row) for row in rows]
    ours, plain = both(format, objects, use_natural_primary_keys=natural, **options)
    assert ours == plain
    if format == "json":
        read = json.loads(ours)
        assert [row["fields"]["text"] for row in read] == [obj.text for obj in objects]


def test_hundreds_are_written_in_their_order():
    objects = [Code(f"c{n}", "%s", n) for n in range(1001)]
    for format, options in (("json", {}), ("json", {"indent": 4}), ("jsonl", {})):
        ours, plain = both(format, objects, **options)
        assert ours == plain
    assert len(ours.splitlines()) == 1001
    assert json.loads(ours.splitlines()[500]) == {
        "model": "percent.code",
        "pk": "c500",
        "fields": {"text": "%s", "number": 500},
    }


def test_what_cannot_be_json_fails():
    aware = datetime.time(1, 2, tzinfo=datetime.UTC)
    with pytest.raises(ValueError, match="timezone-aware times"):
        serializers.serialize("json", [Everything(hour=aware)])


def test_hooks_of_a_subclass_are_called(monkeypatch):
    class Loud(JSONSerializer):
        def handle_field(self, obj, field):
            super().handle_field(obj, field)
            self._current[field.name] = str(self._current[field.name]).upper()

    text = Loud().serialize([Code("a", "loud", 1)])
    assert json.loads(text)[0]["fields"] == {"text": "LOUD", "number": "1"}

    monkeypatch.setattr(
        JSONSerializer, "get_dump_object", lambda self, obj: {"pk": obj.pk, **self._current}
    )
    text = serializers.serialize("json", [Code("a", "b", 1)])
    assert json.loads(text) == [{"pk": "a", "text": "b", "number": 1}]


def test_a_replaced_encoder_is_asked(monkeypatch):
    monkeypatch.setattr(DjangoJSONEncoder, "default", lambda self, o: "something")
    text = serializers.serialize("json", [Everything(day=datetime.date.min)], fields=["day"])
    assert json.loads(text)[0]["fields"]["day"] == "something"


def test_a_field_with_a_text_of_its_own_is_asked():
    class Masked(models.TextField):
        def value_to_string(self, obj):
            return "***"

    class Secret(models.Model):
        name = Masked()

        class Meta:
            app_label = "percent"
            apps = Apps()

    text = serializers.serialize("json", [Secret(name="x")])
    assert json.loads(text)[0]["fields"] == {"name": "***"}


def test_what_is_written_is_read_again():
    obj = Everything(
        text="a\nü\u2028\0",
        price=decimal.Decimal("1.50"),
        moment=datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, datetime.UTC),
        key=uuid.UUID(int=5),
        data={"a": [1, None]},
        raw=b"\0\xff",
    )
    names = ("text", "price", "moment", "key", "data", "raw")
    fields = json.loads(serializers.serialize("json", [obj], fields=names))[0]["fields"]
    for name in names:
        read = Everything._meta.get_field(name).to_python(fields[name])
        assert read == getattr(obj, name)


@pytest.mark.usefixtures("tables")
def test_few_related_objects_take_one_query_each():
    from django.contrib.auth.models import Group, User
    from django.core.serializers import base

    users = [User.objects.create(username=f"dump-{n}") for n in range(3)]
    groups = [Group.objects.create(name=f"dump-{n}") for n in range(5)]
    try:
        for user in users:
            user.groups.set(groups[::-1])
        for chunk in (base._CHUNK, 5, 2):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(base, "_CHUNK", chunk)
                with CaptureQueriesContext(connection) as captured:
                    text = serializers.serialize("json", users, fields=["groups"])
            rows = json.loads(text)
            assert [row["fields"]["groups"] for row in rows] == [[g.pk for g in groups]] * 3
            # What fills a chunk is read once more, by and by.
            assert len(captured) == (3 if chunk > 5 else 6)
        output = io.StringIO()
        call_command("dumpdata", "auth.group", stdout=output)
        names = [row["fields"]["name"] for row in json.loads(output.getvalue())]
        assert [name for name in names if name.startswith("dump-")] == [g.name for g in groups]
    finally:
        for obj in (*users, *groups):
            obj.delete()
