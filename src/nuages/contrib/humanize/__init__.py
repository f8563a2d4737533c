"""Template filters that say numbers and dates as people do. Manual: ref/contrib/humanize."""
