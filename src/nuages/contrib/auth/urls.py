"""The addresses of the pages for users."""

from nuages.contrib.auth import views
from nuages.urls import path

urlpatterns = [
    path(route, view.as_view(), name=name)
    for route, name, view in (
        ("login/", "login", views.LoginView),
        ("logout/", "logout", views.LogoutView),
        ("password_change/", "password_change", views.PasswordChangeView),
        ("password_change/done/", "password_change_done", views.PasswordChangeDoneView),
        ("password_reset/", "password_reset", views.PasswordResetView),
        ("password_reset/done/", "password_reset_done", views.PasswordResetDoneView),
        ("reset/<uidb64>/<token>/", "password_reset_confirm", views.PasswordResetConfirmView),
        ("reset/done/", "password_reset_complete", views.PasswordResetCompleteView),
    )
]
