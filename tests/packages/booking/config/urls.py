from concerts import views

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.programme, name="programme"),
    path("slow/", views.programme_later, name="programme-later"),
    path("concerts/<int:pk>/book/", views.book, name="book"),
]
