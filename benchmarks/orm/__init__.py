"""The data layer against others: what each takes for the same job on the same database."""
