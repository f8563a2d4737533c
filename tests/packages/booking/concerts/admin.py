from django.contrib import admin

from .models import Concert, Venue

admin.site.register([Concert, Venue])
