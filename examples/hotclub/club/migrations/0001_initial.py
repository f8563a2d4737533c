import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Artist",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(unique=True)),
                (
                    "instrument",
                    models.CharField(
                        choices=[
                            ("guitar", "Guitar"),
                            ("violin", "Violin"),
                            ("clarinet", "Clarinet"),
                            ("bass", "Double bass"),
                            ("piano", "Piano"),
                            ("drums", "Drums"),
                            ("trumpet", "Trumpet"),
                            ("voice", "Voice"),
                        ],
                        max_length=20,
                    ),
                ),
                ("town", models.CharField(max_length=60)),
                ("about", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Concert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("slug", models.SlugField(unique=True)),
                (
                    "style",
                    models.CharField(
                        choices=[
                            ("swing", "Swing"),
                            ("manouche", "Manouche"),
                            ("ballad", "Ballads"),
                            ("bebop", "Bebop"),
                            ("waltz", "Musette"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "room",
                    models.CharField(
                        choices=[
                            ("cellar", "The Cellar"),
                            ("hall", "Long Hall"),
                            ("garden", "Walled Garden"),
                        ],
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField(db_index=True)),
                ("price", models.DecimalField(decimal_places=2, max_digits=6)),
                ("seats", models.PositiveSmallIntegerField()),
                ("about", models.TextField(blank=True)),
                ("artists", models.ManyToManyField(related_name="concerts", to="club.artist")),
            ],
            options={
                "ordering": ["starts_at"],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("author", models.CharField(max_length=60, verbose_name="your name")),
                (
                    "stars",
                    models.PositiveSmallIntegerField(
                        choices=[(5, "★★★★★"), (4, "★★★★"), (3, "★★★"), (2, "★★"), (1, "★")],
                        default=5,
                    ),
                ),
                ("text", models.TextField(max_length=1200, verbose_name="what you heard")),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "concert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="club.concert",
                    ),
                ),
            ],
            options={
                "ordering": ["-written_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=80, verbose_name="your name")),
                ("email", models.EmailField(max_length=254, verbose_name="your email")),
                (
                    "places",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8),
                        ],
                        verbose_name="seats",
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "concert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookings",
                        to="club.concert",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("places__gte", 1), ("places__lte", 8)),
                        name="booking_has_one_to_eight_places",
                    )
                ],
            },
        ),
    ]
