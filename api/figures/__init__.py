"""What /metrics tells, one collector a subject, each read at the scrape."""
