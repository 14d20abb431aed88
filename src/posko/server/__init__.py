"""Settings, addresses, base templates, jobs."""
