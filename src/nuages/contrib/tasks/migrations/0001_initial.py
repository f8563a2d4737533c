"""The table of queued tasks."""

from nuages.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="QueuedTask",
            fields=[
                (
                    "id",
                    models.CharField(
                        editable=False, max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.CharField(max_length=500, verbose_name="function")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("READY", "Ready"),
                            ("RUNNING", "Running"),
                            ("FAILED", "Failed"),
                            ("SUCCESSFUL", "Successful"),
                        ],
                        default="READY",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "queue_name",
                    models.CharField(default="default", max_length=100, verbose_name="queue"),
                ),
                ("priority", models.SmallIntegerField(default=0, verbose_name="priority")),
                ("backend", models.CharField(max_length=100, verbose_name="backend")),
                ("args", models.JSONField(default=list, verbose_name="arguments")),
                ("kwargs", models.JSONField(default=dict, verbose_name="named arguments")),
                ("settings", models.JSONField(default=dict, verbose_name="settings")),
                (
                    "run_after",
                    models.DateTimeField(blank=True, null=True, verbose_name="not before"),
                ),
                ("available_at", models.DateTimeField(verbose_name="may start at")),
                ("enqueued_at", models.DateTimeField(verbose_name="handed over at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="first started at")),
                (
                    "last_attempted_at",
                    models.DateTimeField(null=True, verbose_name="last started at"),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                ("leased_until", models.DateTimeField(null=True, verbose_name="leased until")),
                ("worker_ids", models.JSONField(default=list, verbose_name="workers")),
                ("errors", models.JSONField(default=list, verbose_name="errors")),
                ("return_value", models.JSONField(null=True, verbose_name="return value")),
            ],
            options={
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
                "db_table": "nuages_task",
                "ordering": ["-enqueued_at", "pk"],
                "indexes": [
                    models.Index(
                        fields=["status", "-priority", "available_at", "enqueued_at"],
                        name="nuages_task_waiting",
                    ),
                    models.Index(fields=["status", "leased_until"], name="nuages_task_leases"),
                    models.Index(fields=["-enqueued_at"], name="nuages_task_newest"),
                ],
            },
        ),
    ]
