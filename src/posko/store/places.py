"""Stage places: regions, TPS, sites, sea legs, dapil, crosswalk, boundaries."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import places as rules
from posko.domain import record as facts
from posko.store import record


class RegionRow(models.Model):
    """Province, kabupaten, kecamatan and desa in one tree of dotted codes."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=80)
    level = models.CharField(max_length=12)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)

    class Meta:
        db_table = "places_region"


class TpsRow(models.Model):
    """A TPS exists within an election."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=24)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    desa_code = models.CharField(max_length=20)
    desa_name = models.CharField(max_length=80)
    kecamatan_code = models.CharField(max_length=12)
    kind = models.CharField(max_length=10)
    island = models.CharField(max_length=20, blank=True)
    provisional = models.BooleanField()
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        db_table = "places_tps"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="places_tps_once"),)


class SiteRow(models.Model):
    """Warehouses, offices, piers, islands. A pin that moves is a new entry of the journal; the row keeps the latest.

    `note` is the scenario's; what somebody typed with a pin stands in the private part of its entry.
    """

    code = models.CharField(max_length=20, primary_key=True)
    region = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=80)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    provisional = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "places_site"


class SeaLegRow(models.Model):
    """Boat hours as sources give them."""

    region = models.CharField(max_length=12)
    pier = models.CharField(max_length=20)
    island = models.CharField(max_length=20)
    hours_low = models.FloatField()
    hours_high = models.FloatField()
    source = models.CharField(max_length=200)

    class Meta:
        db_table = "places_sealeg"
        constraints = (models.UniqueConstraint(fields=["pier", "island"], name="places_sealeg_once"),)


class DapilRow(models.Model):
    """Which dapil a TPS belongs to, for one contest."""

    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20)
    tps = models.CharField(max_length=24)
    dapil = models.CharField(max_length=40)

    class Meta:
        db_table = "places_dapil"
        constraints = (models.UniqueConstraint(fields=["election", "contest", "tps"], name="places_dapil_once"),)


class SettingsRow(models.Model):
    """How land travel is reckoned in a region."""

    region = models.CharField(max_length=12, primary_key=True)
    detour_percent = models.PositiveIntegerField()
    road_kmh = models.PositiveIntegerField()
    grade = models.CharField(max_length=12)
    conflicts = models.JSONField(default=list)

    class Meta:
        db_table = "places_settings"


class CrosswalkRow(models.Model):
    """KPU codes that differ from Kemendagri's, at the level where they differ."""

    kpu = models.CharField(max_length=20, primary_key=True)
    kemendagri = models.CharField(max_length=20)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "places_crosswalk"


class BoundaryRow(models.Model):
    """An imported boundary of a desa, as a GeoJSON geometry."""

    code = models.CharField(max_length=20, primary_key=True)
    geometry = models.JSONField()
    source = models.CharField(max_length=200)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "places_boundary"


def load_region(
    region: str,
    *,
    regions: Iterable[rules.Region],
    kecamatan: Iterable[rules.Kecamatan],
    desa: Iterable[rules.Desa],
    sites: Iterable[rules.Site],
    sea_legs: Iterable[rules.SeaLeg],
    settings: rules.Settings,
    conflicts: Iterable[tuple[str, str]],
    actor: facts.Actor,
    at: datetime,
) -> None:
    """Writes the places of one regency; places that exist keep their code and take the new names."""
    desa, kecamatan, sites, sea_legs = list(desa), list(kecamatan), list(sites), list(sea_legs)
    with transaction.atomic():
        at = record.turn(at)
        said = {"kecamatan": len(kecamatan), "desa": len(desa), "sites": len(sites), "sea_legs": len(sea_legs)}
        prepared = record.prepare([facts.Draft("places.loaded", "", f"region:{region}", region, actor, at, said)], at)
        entry = prepared[0].entry_id
        rows = [RegionRow(code=r.code, name=r.name, level=r.level) for r in regions]
        rows += [RegionRow(code=k.code, name=k.name, level="kecamatan") for k in kecamatan]
        rows += [RegionRow(code=d.code, name=d.name, level="desa", lat=d.lat, lon=d.lon) for d in desa]
        RegionRow.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=["name", "level", "lat", "lon"])
        SiteRow.objects.bulk_create(
            [_site_row(region, s, entry) for s in sites],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["kind", "name", "lat", "lon", "provisional", "note", "entry_id"],
        )
        SeaLegRow.objects.filter(region=region).delete()
        SeaLegRow.objects.bulk_create(
            SeaLegRow(region=region, pier=s.pier, island=s.island, hours_low=s.hours_low, hours_high=s.hours_high, source=s.source)
            for s in sea_legs
        )
        SettingsRow.objects.update_or_create(
            region=region,
            defaults={
                "detour_percent": settings.detour_percent,
                "road_kmh": settings.road_kmh,
                "grade": settings.grade.value,
                "conflicts": [list(c) for c in conflicts],
            },
        )
        record.append(prepared, at=at)


def load_tps(election: str, tps_list: Iterable[rules.Tps], dapil: Mapping[tuple[str, str], str], actor: facts.Actor, at: datetime) -> None:
    """Writes the TPS of one election and their dapil per contest, in place of what was there."""
    tps_list = list(tps_list)
    with transaction.atomic():
        at = record.turn(at)
        TpsRow.objects.filter(election=election).delete()
        DapilRow.objects.filter(election=election).delete()
        TpsRow.objects.bulk_create(_tps_row(election, t) for t in tps_list)
        DapilRow.objects.bulk_create(DapilRow(election=election, contest=c, tps=t, dapil=d) for (c, t), d in dapil.items())
        said: dict[str, object] = {
            "tps": len(tps_list),
            "khusus": sum(t.kind == "khusus" for t in tps_list),
            "provisional": sum(t.provisional for t in tps_list),
        }
        region = record.election(election).region
        record.append([facts.Draft("tps.listed", election, f"election:{election}", region, actor, at, said)], at=at)


def list_tps(election: str, codes: Iterable[str], source: str, actor: facts.Actor, at: datetime) -> tuple[int, int]:
    """Takes the official list of TPS codes in place of what was there: (new, gone). BadCode, BadTpsList; nothing is half taken."""
    with transaction.atomic():
        at = record.turn(at)
        old = {t.code: t for t in tps_list(election)}
        region = record.election(election).region
        new = rules.listed(codes, desa_list(region), old)
        dapil = rules.dapil_for(new, dapil_map(election))
        names = {t.code for t in new}
        TpsRow.objects.filter(election=election).delete()
        DapilRow.objects.filter(election=election).delete()
        TpsRow.objects.bulk_create((_tps_row(election, t) for t in new), batch_size=500)
        DapilRow.objects.bulk_create(
            (DapilRow(election=election, contest=c, tps=t, dapil=d) for (c, t), d in dapil.items()), batch_size=500
        )
        said: dict[str, object] = {"tps": len(new), "new": sorted(names - set(old)), "gone": sorted(set(old) - names), "source": source}
        record.append([facts.Draft("tps.listed", election, f"election:{election}", region, actor, at, said)], at=at)
    return len(names - set(old)), len(set(old) - names)


def set_pin(site: str, lat: float, lon: float, note: str, actor: facts.Actor, at: datetime) -> None:
    """Somebody who knows says where a site is; it is no longer provisional."""
    with transaction.atomic():
        at = record.turn(at)
        at = record.turn(at)
        row = SiteRow.objects.filter(code=site).first()
        if row is None:
            raise rules.UnknownSite(site=site)
        rules.check_pin(lat, lon)
        said = {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}
        private = record.typed(note=note.strip()[:300])
        prepared = record.prepare([facts.Draft("site.pinned", "", f"site:{site}", site, actor, at, said, private)], at)
        row.lat, row.lon, row.provisional, row.note, row.entry_id = lat, lon, False, "", prepared[0].entry_id
        row.save()
        record.append(prepared, at=at)


def import_crosswalk(pairs: Mapping[str, str], actor: facts.Actor, at: datetime) -> int:
    """Adds KPU to Kemendagri pairs; a code mapped otherwise before is refused whole."""
    with transaction.atomic():
        at = record.turn(at)
        known = dict(CrosswalkRow.objects.values_list("kpu", "kemendagri"))
        for kpu, kemendagri in pairs.items():
            if known.get(kpu, kemendagri) != kemendagri:
                raise rules.BadCrosswalk(kpu=kpu, old=known[kpu], new=kemendagri)
        new = {k: v for k, v in pairs.items() if k not in known}
        prepared = record.prepare([facts.Draft("crosswalk.imported", "", "crosswalk", "", actor, at, {"pairs": new})], at)
        CrosswalkRow.objects.bulk_create(CrosswalkRow(kpu=k, kemendagri=v, entry_id=prepared[0].entry_id) for k, v in new.items())
        record.append(prepared, at=at)
    return len(new)


def import_boundaries(boundaries: Mapping[str, Mapping[str, Any]], source: str, digest: str, actor: facts.Actor, at: datetime) -> int:
    """Takes checked GeoJSON geometries per desa code in place of the schematic cells."""
    with transaction.atomic():
        known = set(RegionRow.objects.filter(level="desa").values_list("code", flat=True))
        strange = sorted(set(boundaries) - known)
        if strange:
            raise rules.BadBoundaries(code=strange[0], count=len(strange))
        said = {"desa": len(boundaries), "source": source, "sha256": digest}
        prepared = record.prepare([facts.Draft("boundaries.imported", "", "boundaries", "", actor, at, said)], at)
        BoundaryRow.objects.bulk_create(
            [BoundaryRow(code=c, geometry=x, source=source, entry_id=prepared[0].entry_id) for c, x in boundaries.items()],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["geometry", "source", "entry_id"],
        )
        record.append(prepared, at=at)
    return len(boundaries)


@record.remembered
def tps_list(election: str) -> list[rules.Tps]:
    """All TPS of an election in the order of their codes."""
    names = dict(RegionRow.objects.filter(level="kecamatan").values_list("code", "name"))
    told = (
        TpsRow.objects.filter(election=election)
        .order_by("code")
        .values_list(  # hundreds, several times a page: no rows of Django's
            "code", "number", "name", "desa_code", "desa_name", "kecamatan_code", "kind", "island", "provisional", "lat", "lon"
        )
    )
    return [
        rules.Tps(code, number, name, desa, desa_name, kecamatan, names.get(kecamatan, ""), kind, island, provisional, lat, lon)
        for code, number, name, desa, desa_name, kecamatan, kind, island, provisional, lat, lon in told
    ]


def named(election: str, signals: Iterable[facts.Signal], key: str) -> list[facts.Signal]:
    """Early warnings with the name of the place that their fact `key` gives by code, as `where`; without one that nobody knows."""
    found = list(signals)
    if not found:
        return []
    names = {t.code: f"TPS {t.number:03} {t.desa_name}, {t.kecamatan_name}" for t in tps_list(election)}
    names |= {k.code: f"PPK {k.name}" for k in kecamatan_list(record.election(election).region)}
    return [replace(s, facts={**s.facts, "where": names.get(str(s.facts.get(key, "")), "")}) for s in found]


def region_name(code: str) -> str:
    """The name of a province, kabupaten, kecamatan or desa; the code itself where unknown."""
    return RegionRow.objects.filter(code=code).values_list("name", flat=True).first() or code


def kecamatan_list(region: str) -> list[rules.Kecamatan]:
    """The kecamatan of a kabupaten."""
    rows = RegionRow.objects.filter(level="kecamatan", code__startswith=f"{region}.").order_by("code")
    return [rules.Kecamatan(r.code, r.name) for r in rows]


def desa_list(region: str) -> list[rules.Desa]:
    """The desa of a kabupaten or kecamatan with their settlement points."""
    names = {k.code: k.name for k in kecamatan_list(".".join(region.split(".")[:2]))}
    rows = RegionRow.objects.filter(level="desa", code__startswith=f"{region}.", lat__isnull=False).order_by("code")
    return [rules.Desa(r.code, r.name, r.code[:8], names.get(r.code[:8], ""), r.lat or 0.0, r.lon or 0.0) for r in rows]


@record.remembered
def sites(region: str) -> list[rules.Site]:
    """Warehouses, offices, piers and islands."""
    rows = list(SiteRow.objects.filter(region=region).order_by("code"))
    told = record.privates(s.entry_id for s in rows if not s.provisional)
    return [rules.Site(s.code, s.kind, s.name, s.lat, s.lon, s.provisional, told.text(s.entry_id, "note", s.note)) for s in rows]


@record.remembered
def sea_legs(region: str) -> list[rules.SeaLeg]:
    """Boat legs, pier to island."""
    rows = SeaLegRow.objects.filter(region=region).order_by("island")
    return [rules.SeaLeg(s.pier, s.island, s.hours_low, s.hours_high, s.source) for s in rows]


def settings(region: str) -> rules.Settings:
    """How land travel is reckoned here; without a row the assumptions of the shipped scenario."""
    row = SettingsRow.objects.filter(region=region).first()
    if row is None:
        return rules.Settings(135, 30, facts.Grade.MEMORY)
    return rules.Settings(row.detour_percent, row.road_kmh, facts.Grade(row.grade))


def conflicts(region: str) -> list[tuple[str, str]]:
    """Where sources differ: (about, text)."""
    row = SettingsRow.objects.filter(region=region).first()
    return [(about, text) for about, text in row.conflicts] if row else []


def dapil_map(election: str) -> dict[tuple[str, str], str]:
    """(contest, TPS) -> dapil."""
    return {(c, t): d for c, t, d in DapilRow.objects.filter(election=election).values_list("contest", "tps", "dapil")}


def dapil_here(election: str) -> dict[str, tuple[str, ...]]:
    """contest -> the dapil of its TPS in this region, sorted."""
    found: dict[str, set[str]] = {}
    for contest, dapil in DapilRow.objects.filter(election=election).values_list("contest", "dapil").distinct():
        found.setdefault(contest, set()).add(dapil)
    return {contest: tuple(sorted(dapil)) for contest, dapil in found.items()}


def dapil_of(election: str, contest: str, tps: str) -> str | None:
    """The dapil of one TPS for one contest, or None where the TPS does not vote in it."""
    return DapilRow.objects.filter(election=election, contest=contest, tps=tps).values_list("dapil", flat=True).first()


def crosswalk() -> dict[str, str]:
    """KPU code -> Kemendagri code, only where they differ."""
    return dict(CrosswalkRow.objects.values_list("kpu", "kemendagri"))


def boundaries(region: str) -> dict[str, dict[str, Any]]:
    """Imported boundaries by desa code as GeoJSON geometries; empty while the map is schematic."""
    return dict(BoundaryRow.objects.filter(code__startswith=f"{region}.").values_list("code", "geometry"))


def boundary_source(region: str) -> str:
    """Where the imported boundaries come from; empty while the map is schematic."""
    return BoundaryRow.objects.filter(code__startswith=f"{region}.").values_list("source", flat=True).first() or ""


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """TPS, desa, kecamatan and sites whose name or code matches."""
    del person, at
    word = text.strip().lower()
    try:
        code = rules.dotted(word)
    except rules.BadCode:
        code = "-"
    region = record.election(election).region
    hits = [
        facts.Hit("kecamatan", f"Kecamatan {k.name}", k.code, ())
        for k in kecamatan_list(region)
        if word in k.name.lower() or code == k.code
    ]
    hits += [
        facts.Hit("desa", f"Desa {d.name}", f"Kecamatan {d.kecamatan_name} · {d.code}", (d.code,))
        for d in desa_list(region)
        if word in d.name.lower() or code == d.code
    ]
    hits += [facts.Hit("site", s.name, s.note or s.code, ()) for s in sites(region) if word in s.name.lower()]
    hits += [
        facts.Hit("tps", f"{t.name} {t.desa_name}", f"Kecamatan {t.kecamatan_name} · {t.code}", (t.code,))
        for t in tps_list(election)
        if word in f"{t.name} {t.desa_name}".lower() or code == t.code
    ]
    return hits[:60]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Pins nobody has set yet, for the KPU."""
    if person.agency != "KPU":
        return []
    region = record.election(election).region
    open_pins = [s for s in sites(region) if s.provisional and s.kind in {"gudang", "dermaga"}]
    del at
    return [facts.Task("places.pins", "places", f"region:{region}", str(len(open_pins)))] if open_pins else []


def _site_row(region: str, site: rules.Site, entry: str) -> SiteRow:
    return SiteRow(
        code=site.code, region=region, kind=site.kind, name=site.name, lat=site.lat, lon=site.lon, provisional=site.provisional,
        note=site.note, entry_id=entry,
    )  # fmt: skip


def _tps_row(election: str, t: rules.Tps) -> TpsRow:
    return TpsRow(
        election=election, code=t.code, number=t.number, name=t.name, desa_code=t.desa_code, desa_name=t.desa_name,
        kecamatan_code=t.kecamatan_code, kind=t.kind, island=t.island, provisional=t.provisional, lat=t.lat, lon=t.lon,
    )  # fmt: skip


WORDS: dict[str, record.Eraser] = {"site.pinned": record.journal_only}
