"""The store as a Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """One app, one label: `store`."""

    name = "posko.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The journal's triggers come back after every migration: a table that is rebuilt loses them."""
        from django.db.models.signals import post_migrate  # noqa: PLC0415  (models are loaded only now)

        from posko.store import record  # noqa: PLC0415

        post_migrate.connect(record.install_triggers, sender=self, dispatch_uid="posko.journal.triggers")
