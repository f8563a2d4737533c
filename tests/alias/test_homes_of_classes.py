"""Classes say of themselves where the manual has them: in errors, in ``repr()``, in pickles."""

import pickle
import pydoc

import pytest

from django.http import QueryDict

NAMES = """
django.contrib.admin.options.BaseModelAdmin
django.contrib.admin.options.TabularInline
django.core.management.base.CommandError
django.core.management.base.CommandParser
django.core.management.base.OutputWrapper
django.core.management.base.SystemCheckError
django.db.migrations.operations.models.AddIndex
django.db.migrations.state.ModelState
django.db.models.query.QuerySet
django.forms.models.BaseInlineFormSet
django.forms.models.ModelChoiceField
django.forms.models.ModelChoiceIteratorValue
django.http.request.HttpHeaders
django.http.request.MediaType
django.http.request.QueryDict
django.test.client.ClientHandler
django.test.testcases.LiveServerTestCase
django.test.utils.CaptureQueriesContext
django.test.utils.override_settings
django.urls.resolvers.ResolverMatch
django.urls.resolvers.RoutePattern
""".split()


@pytest.mark.parametrize("name", NAMES)
def test_a_class_is_found_where_it_says(name):
    found = pydoc.locate(name)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_a_pickle_names_the_public_module():
    query = QueryDict("a=1&a=2")
    assert b"django.http.request" in pickle.dumps(query)
    assert pickle.loads(pickle.dumps(query)) == query
