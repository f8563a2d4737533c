"""The URLs of flat pages, to be included."""

from nuages.urls import path

from .views import flatpage

urlpatterns = [path("<path:url>", flatpage, name="django.contrib.flatpages.views.flatpage")]
