"""What PostgreSQL alone can do. Manual: "django.contrib.postgres"."""
