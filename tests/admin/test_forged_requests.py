"""The views of a ModelAdmin refuse forged requests by themselves, and have the parts that packages override."""

import pytest

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

pytestmark = pytest.mark.usefixtures("rolled_back")


@pytest.mark.parametrize(
    ("view", "arguments"), [("changeform_view", ()), ("changelist_view", ()), ("delete_view", "1")]
)
def test_a_forged_request_is_refused_where_no_site_wraps_the_view(view, arguments):
    groups = admin.ModelAdmin(Group, admin.AdminSite())
    request = RequestFactory(enforce_csrf_checks=True).post("/", {"name": "intruders"})
    request._dont_enforce_csrf_checks = False
    request.user = User(username="root", is_superuser=True, is_staff=True)
    assert getattr(groups, view)(request, *arguments).status_code == 403
    assert not Group.objects.filter(name="intruders").exists()


def test_the_view_itself_can_be_reached():
    groups = admin.ModelAdmin(Group, admin.AdminSite())
    request = RequestFactory().post("/", {"name": "members"})
    request.user = User.objects.create_user("nobody")
    with pytest.raises(PermissionDenied):
        groups.changeform_view.__wrapped__(groups, request)


def test_the_inner_view_and_formsets_can_be_overridden():
    calls = []

    class Groups(admin.ModelAdmin):
        def _changeform_view(self, request, object_id, form_url, extra_context):
            calls.append(object_id)
            return super()._changeform_view(request, object_id, form_url, extra_context)

        def _create_formsets(self, request, obj, change):
            calls.append(change)
            return super()._create_formsets(request, obj, change)

    groups = Groups(Group, admin.AdminSite())
    group = Group.objects.create(name="changed")
    request = RequestFactory().get("/")
    request.user = User(username="root", is_superuser=True, is_staff=True, is_active=True)
    assert groups.changeform_view(request, str(group.pk)).status_code == 200
    assert calls == [str(group.pk), True]
