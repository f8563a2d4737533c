"""Documentation of a project's models, views, tags and filters. Manual: "admindocs"."""
