from django.urls import path

from . import api, streaming, views

app_name = "club"
urlpatterns = [
    path("", views.home, name="home"),
    path("concerts/", views.Programme.as_view(), name="programme"),
    path("concerts/whole-programme/", streaming.whole_programme, name="whole-programme"),
    path("concerts/<slug:slug>/", views.concert, name="concert"),
    path("concerts/<slug:slug>/book/", views.book, name="book"),
    path("concerts/<slug:slug>/review/", views.review, name="review"),
    path("bookings/", views.my_bookings, name="my-bookings"),
    path("bookings/<uuid:reference>/", views.BookingPage.as_view(), name="booking"),
    path("artists/", views.Artists.as_view(), name="artists"),
    path("artists/<slug:slug>/", views.ArtistPage.as_view(), name="artist"),
    path("search/", views.search, name="search"),
    path("api/concerts/", api.concerts, name="api-concerts"),
    path("api/concerts/<slug:slug>/", api.concert, name="api-concert"),
]
