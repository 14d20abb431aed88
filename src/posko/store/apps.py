"""The store as a Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """One app, one label: `store`."""

    name = "posko.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
