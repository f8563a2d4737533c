"""The club's office: who plays, who comes, and what they thought of it."""

import csv

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.timezone import localtime

from .models import Artist, Booking, Concert, Review

admin.site.site_header = "Hot club office"
admin.site.site_title = "Hot club"
admin.site.index_title = "Tonight and all other nights"


def offered(field, name):
    """Return a filter that Nuages has, or nothing where the admin is Django's."""
    return [(field, getattr(admin, name))] if hasattr(admin, name) else []


class WhenFilter(admin.SimpleListFilter):
    """Concerts to come, or those that were."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return [("coming", "To come"), ("past", "Past")]

    def queryset(self, request, queryset):
        chosen = {"coming": "upcoming", "past": "past"}.get(self.value())
        return getattr(queryset, chosen)() if chosen else queryset


class BookingInline(admin.TabularInline):
    model = Booking
    fields = ["name", "email", "places", "made_at"]
    readonly_fields = ["made_at"]
    extra = 1


class ReviewInline(admin.StackedInline):
    model = Review
    extra = 0
    classes = ["collapse"]


@admin.register(Artist)
class ArtistAdmin(admin.ModelAdmin):
    list_display = ["name", "instrument", "town", "concert_count"]
    list_filter = ["instrument", "town"]
    search_fields = ["name", "town"]
    prepopulated_fields = {"slug": ["name"]}
    radio_fields = {"instrument": admin.HORIZONTAL}

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(number=Count("concerts"))

    @admin.display(description="Concerts", ordering="number")
    def concert_count(self, artist):
        return artist.number


@admin.register(Concert)
class ConcertAdmin(admin.ModelAdmin):
    list_display = ["title", "starts_at", "room", "style", "price", "seats_left", "open"]
    list_editable = ["price"]
    list_filter = [WhenFilter, "room", "style", *offered("starts_at", "DateRangeListFilter")]
    search_fields = ["title", "artists__name"]
    search_help_text = "A title, or an artist who plays"
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    list_per_page = 25
    filter_horizontal = ["artists"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [BookingInline, ReviewInline]
    actions = ["export", "double_price"]
    save_on_top = False
    # These are Nuages'. Django does not know them, and leaves them alone.
    list_choose_columns = True
    list_display_more = ["slug", "seats"]
    list_saved_views = True
    list_export = ["csv", "json"]
    fieldsets = [
        (None, {"fields": ["title", "slug", ("style", "room")]}),
        ("The evening", {"fields": ["starts_at", ("price", "seats"), "artists"]}),
        (
            "Text",
            {
                "fields": ["about"],
                "classes": ["collapse"],
                "description": "Shown on the concert's page.",
            },
        ),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_seats()

    @admin.display(description="Seats left", ordering="free")
    def seats_left(self, concert):
        return format_html("{} <span class='quiet'>of {}</span>", concert.free, concert.seats)

    @admin.display(boolean=True, description="On sale")
    def open(self, concert):
        return not concert.is_past and concert.free > 0

    @admin.action(description="Export as CSV")
    def export(self, request, queryset):
        response = HttpResponse(
            content_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="concerts.csv"'},
        )
        writer = csv.writer(response)
        writer.writerow(["title", "starts", "room", "price", "seats", "taken"])
        for concert in queryset:
            starts = localtime(concert.starts_at).isoformat(" ", "minutes")
            row = [concert.title, starts, concert.room, concert.price]
            writer.writerow([*row, concert.seats, concert.taken])
        return response

    @admin.action(description="Double the price", permissions=["change"])
    def double_price(self, request, queryset):
        for concert in queryset:
            concert.price *= 2
            concert.save(update_fields=["price"])
        self.message_user(request, f"{len(queryset)} prices doubled.", messages.SUCCESS)


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    list_display = ["name", "concert", "places", "made_at"]
    list_filter = [
        *offered("concert", "AutocompleteListFilter"),
        *offered("made_at", "DateRangeListFilter"),
        "places",
    ]
    list_export = ["csv"]
    list_select_related = ["concert"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["concert"]
    readonly_fields = ["reference", "made_at"]
    date_hierarchy = "made_at"


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["author", "concert", "stars", "written_at"]
    list_filter = ["stars"]
    list_select_related = ["concert"]
    raw_id_fields = ["concert"]
    search_fields = ["author", "text"]
    date_hierarchy = "written_at"
