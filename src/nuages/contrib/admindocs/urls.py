"""The addresses of the documentation's pages."""

from nuages.contrib.admindocs import views
from nuages.urls import path

urlpatterns = [
    path(
        "",
        views.BaseAdminDocsView.as_view(template_name="admin_doc/index.html"),
        name="django-admindocs-docroot",
    ),
    *(
        path(route, view.as_view(), name=f"django-admindocs-{name}")
        for route, view, name in (
            ("bookmarklets/", views.BookmarkletsView, "bookmarklets"),
            ("tags/", views.TemplateTagIndexView, "tags"),
            ("filters/", views.TemplateFilterIndexView, "filters"),
            ("views/", views.ViewIndexView, "views-index"),
            ("views/<view>/", views.ViewDetailView, "views-detail"),
            ("models/", views.ModelIndexView, "models-index"),
            ("models/<app_label>.<model_name>/", views.ModelDetailView, "models-detail"),
            ("templates/<path:template>/", views.TemplateDetailView, "templates"),
        )
    ),
]
