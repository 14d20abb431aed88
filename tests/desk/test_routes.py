"""Route x role: every address stands in this table with the act it needs, and answers each of the cast as the policy says.

A new page: add its name here with its act, else this fails. Names of routes without `desk:` are pages of staff.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from posko.domain import access
from posko.domain.access import Purpose
from tests.scene import RAKOR_AT

PUBLIC, SIGNED_IN = "PUBLIC", "SIGNED_IN"
TABLE: dict[str, str] = {
    PUBLIC: "sign_in sign_out public:report public:find public:status public:add public:misuse public:misuse_find public:misuse_status"
    " public:releases_start public:releases_index public:releases rakor_feed",
    SIGNED_IN: "start account account_glass access_agreement clock",
    "board.read": "board",
    "inbox.read": "inbox",
    "home.read": "home",
    "search.read": "searching",
    "access.read": "access",
    "access.grant": "access_propose access_end access_new",
    "access.approve": "access_decide",
    "access.agree": "access_renew",
    "record.read": "record record_export record_entry record_erasures record_erasure",
    "record.erase": "record_erase record_erasure_withdraw",
    "record.approve": "record_erasure_decide",
    "thresholds.read": "thresholds thresholds_value thresholds_export signals signals_export",
    "thresholds.set": "thresholds_set",
    "thresholds.acknowledge": "signals_acknowledge",
    "places.read": "places places_export places_desa",
    "places.edit": "places_boundaries places_crosswalk places_pin places_tps_list",
    "regulation.read": "regulation regulation_item",
    "regulation.confirm": "regulation_confirm",
    "dpt.read": "dpt dpt_run dpt_export dpt_export_csv",
    "dpt.import": "dpt_upload dpt_check dpt_columns dpt_questions dpt_confirm dpt_drop dpt_template dpt_template_csv",
    "needs.read": "needs needs_xlsx needs_csv needs_item needs_place needs_why",
    "needs.compute": "needs_trial",
    "labels.read": "labels labels_code labels_test labels_alias labels_alias_export",
    "labels.print": "labels_print",
    "labels.alias": "labels_alias_add labels_alias_end labels_alias_import labels_alias_template",
    "evidence.read": "evidence_file",
    "evidence.attach": "evidence_attach evidence_withdraw",
    "stock.read": "stock stock_export stock_card stock_card_pdf stock_counted stock_inspections stock_inspection",
    "stock.count": "stock_count",
    "stock.inspect": "stock_inspect",
    "stock.write": "stock_declare stock_leftover stock_older",
    "sorting.read": "sorting sorting_export sorting_cartons sorting_carton sorting_teams sorting_batches sorting_pay sorting_pay_pdf"
    " sorting_pay_export sorting_result_pdf sorting_replacements sorting_request_pdf sorting_destructions sorting_destruction"
    " sorting_destruction_pdf",
    "sorting.record": "sorting_station sorting_close sorting_undo sorting_correct sorting_attend",
    "sorting.write": "sorting_team_form sorting_rate sorting_request sorting_destroy",
    "seals.read": "seals seals_story seals_export seals_signal",
    "seals.issue": "seals_issue seals_take_back",
    "seals.record": "seals_spoil seals_check seals_check_box seals_reseal",
    "seals.write": "",
    "packing.read": "packing packing_boxes packing_box packing_tps packing_wave packing_trace packing_trace_of packing_pdf packing_export",
    "packing.scan": "packing_station packing_partner packing_prepare packing_item packing_seal packing_unpack packing_sign_off"
    " packing_photo packing_weigh packing_scale packing_print packing_envelopes packing_give_up packing_prepare_ppk packing_set_aside",
    "packing.witness": "",
    "packing.override": "packing_override",
    "packing.write": "packing_waves packing_profile",
    "sampling.read": "sampling sampling_audit sampling_show sampling_minutes sampling_population sampling_drawn sampling_script",
    "sampling.draw": "sampling_plan sampling_draw sampling_abandon",
    "sampling.record": "sampling_examine sampling_box",
    "transfers.read": "transfers transfers_count transfers_proposal transfers_trip transfers_minutes transfers_export",
    "transfers.report": "transfers_report transfers_report_tps transfers_withdraw",
    "transfers.propose": "transfers_compute",
    "transfers.write": "transfers_decide transfers_send transfers_receive transfers_correct transfers_cancel",
    "receipts.read": "receipts receipts_meaning receipts_line receipts_forecast receipts_orders receipts_order_detail"
    " receipts_orders_template receipts_orders_export receipts_shipment receipts_stops receipts_stop receipts_receipt receipts_pdf"
    " receipts_claims receipts_claim receipts_claim_pdf receipts_export",
    "receipts.order": "receipts_contract receipts_order receipts_order_move receipts_order_produced receipts_order_drop"
    " receipts_import receipts_import_check receipts_import_confirm receipts_import_drop",
    "receipts.record": "receipts_ship receipts_arrive receipts_stray receipts_decide receipts_cartons receipts_cartons_drop"
    " receipts_correct receipts_print receipts_dispose receipts_shipment_drop",
    "receipts.write": "receipts_accept receipts_approve receipts_claim_file receipts_claim_answer",
    "pledges.read": "home_roster home_roster_pdf pledges pledges_pledge pledges_asked pledges_calendar pledges_export",
    "pledges.ask": "pledges_ask pledges_cancel",
    "pledges.make": "pledges_offer pledges_answer pledges_step",
    "pledges.use": "pledges_use",
    "pledges.write": "pledges_import pledges_template",
    "keys.read": "keys keys_export",
    "keys.set": "keys_register",
    "keys.hand": "keys_act",
    "keys.open": "keys_open",
    "travel.read": "travel travel_way travel_export",
    "travel.write": "travel_load travel_template travel_withdraw",
    "weather.read": "weather weather_export",
    "weather.write": "weather_add weather_change weather_import weather_hours",
    "forecast.read": "forecast forecast_past forecast_tps forecast_export",
    "forecast.make": "forecast_request",
    "returns.read": "returns returns_waybills",
    "returns.plan": "returns_plan returns_recapitulation",
    "distribution.read": "distribution distribution_request distribution_basis distribution_vehicle distribution_waybills"
    " distribution_waybill distribution_fleet distribution_manifest distribution_vehicle_manifest distribution_track distribution_tracks"
    " distribution_escorts distribution_routes",
    "replanning.read": "replanning replanning_sheet replanning_waybill",
    "replanning.write": "replanning_preview replanning_commit replanning_end replanning_ask replanning_search replanning_cancel"
    " replanning_take replanning_tell",
    "distribution.plan": "distribution_plan distribution_cancel",
    "distribution.write": "distribution_vehicle_add distribution_vehicle_edit distribution_rules distribution_rules_back distribution_kits"
    " distribution_kit_join",
    "worksheet.read": "worksheet_compare",
    "worksheet.edit": "worksheet worksheet_begin worksheet_adjust worksheet_undo worksheet_solve worksheet_join worksheet_discard"
    " worksheet_save worksheet_load worksheet_ask worksheet_search worksheet_cancel worksheet_take",
    "custody.read": "custody custody_export custody_conflicts custody_thing custody_minutes custody_trip",
    "custody.record": "custody_pass_on custody_undo custody_load custody_collect custody_pass_back custody_damage"
    " custody_depart custody_arrive custody_hand",
    "readiness.read": "readiness readiness_export readiness_tps readiness_people readiness_crew_template",
    "calls.read": "calls calls_paper calls_export",
    "calls.make": "calls_next calls_call calls_take calls_release calls_outcome calls_undo calls_settle",
    "calls.write": "calls_contacts calls_contacts_import calls_contacts_template",
    "readiness.write": "readiness_limit readiness_due readiness_crew_import",
    "readiness.check": "readiness_check readiness_crew",
    "posts.read": "posts posts_post posts_roster posts_roster_pdf posts_coverage posts_export",
    "posts.rollup": "posts_rollup",
    "posts.set": "posts_new posts_edit posts_stand posts_note_erase",
    "posts.roster": "posts_shift_add posts_shift_cancel posts_contact_add posts_contact_end",
    "posts.log": "posts_alive posts_beat posts_note_add posts_note_strike",
    "misuse.file": "misuse_new",
    "misuse.read": "misuse misuse_export misuse_detail",
    "misuse.answer": "misuse_step misuse_erase",
    "reports.file": "reports reports_new reports_phone reports_sms reports_card reports_card_pdf",
    "reports.read": "reports_export reports_detail reports_attachment aght_referrals",
    "reports.write": "reports_import reports_import_template reports_import_check reports_import_confirm reports_import_drop"
    " reports_additions_read",
    "reports.guard": "reports_guard",
    "reports.erase": "reports_erase",
    "merging.read": "merging merging_compare",
    "merging.confirm": "merging_decide merging_split",
    "aght.read": "aght aght_map aght_matrix aght_export aght_detail aght_clusters aght_calibration aght_layers aght_labels",
    "aght.assess": "reports_close aght_new aght_source aght_information aght_attach aght_refer aght_assess aght_stand aght_hazard"
    " aght_receipt aght_layer_new aght_layer_template aght_labels_new aght_labels_use aght_labels_template",
    "aght.acknowledge": "aght_acknowledge",
    "recommendations.read": "recommendations recommendations_export recommendations_detail recommendations_step recommendations_letter"
    " recommendations_note recommendations_kpi recommendations_actions",
    "recommendations.draft": "recommendations_new recommendations_revise forecast_advise",
    "recommendations.issue": "recommendations_profile recommendations_speak",
    "recommendations.receive": "recommendations_answer",
    "products.read": "products products_product products_pdf products_export",
    "products.receive": "products_acknowledge",
    "products.make": "products_daily products_new products_edit products_submit products_receive",
    "products.sign": "products_sign products_config",
    "rakor.read": "rakor rakor_meeting rakor_agenda rakor_letter rakor_ics rakor_calendar rakor_decision rakor_export",
    "rakor.write": "rakor_new rakor_change rakor_agenda_edit rakor_invite rakor_correct",
    "rakor.reply": "rakor_reply",
    "packs.read": "packs rakor_snapshot rakor_slide rakor_pdf rakor_json packs_pptx packs_xlsx packs_text",
    "rakor.freeze": "rakor_attend rakor_strike rakor_freeze rakor_decide",
    "rakor.answer": "rakor_step",
    "minutes.read": "minutes minutes_meeting minutes_history minutes_pdf minutes_json",
    "minutes.write": "minutes_save minutes_finish minutes_amend",
    "minutes.sign": "minutes_answer minutes_receive",
    "releases.read": "releases releases_export releases_one releases_file releases_proposal releases_proposal_file releases_page",
    "releases.propose": "releases_new releases_withdraw releases_rule releases_rule_withdraw",
    "releases.approve": "releases_approve releases_refuse releases_rule_answer releases_rule_stop",
    "neutrality.read": "neutrality neutrality_run neutrality_export neutrality_program neutrality_runs_export",
    "drill.read": "drill drill_debrief drill_honest",
    "bundles.read": "bundles bundles_press",
    "bundles.take": "bundles_overseer",
    "neutrality.run": "neutrality_start",
    "neutrality.register": "neutrality_register",
    "requests.read": "requests requests_export requests_export_csv requests_request requests_pdf",
    "requests.ask": "requests_ask requests_follow",
    "requests.answer": "requests_answer",
    "materials.read": "materials materials_meeting materials_export materials_file",
    "materials.bring": "materials_bring materials_figure materials_withdraw",
    "disputes.read": "disputes disputes_export disputes_dispute",
    "disputes.raise": "disputes_raise",
    "disputes.settle": "disputes_settle",
}
ROUTES = {name if ":" in name else f"desk:{name}": act for act, names in TABLE.items() for name in names.split()}
# Values for the parts of an address, by converter or name; a place lies in Budi's kecamatan, in the regency of the others.
PARTS: dict[str, Any] = {"election": "pemilu-2024", "code": "19.06.02.2001.001", "site": "19.06:G01", "key": "KOTAK~~"}
CAST = ("ani", "fajar", "lutfi", "budi", "citra", "gita", "hadi", "indra", "juwita", "kartika", "dedi")


def walk(patterns: list[Any], space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from walk(found.url_patterns, f"{space}{found.namespace}:" if found.namespace else space)
        else:
            yield f"{space}{found.name}", found


FOUND = dict(walk(get_resolver().url_patterns))


def address(name: str) -> str:
    parts = {}
    for part, converter in FOUND[name].pattern.converters.items():
        kind = type(converter).__name__
        parts[part] = PARTS["election"] if part == "election" else 1 if kind == "IntConverter" else PARTS.get(part, "x-1")
        if kind == "SlugConverter" and part != "election":
            parts[part] = "X-001"
    return reverse(name, kwargs=parts)


def test_every_route_stands_in_the_table_with_the_act_of_its_view() -> None:
    unknown = sorted(set(FOUND) - set(ROUTES))
    assert not unknown, f"add to the table of route x role: {unknown}"
    wrong = {}
    for name, found in FOUND.items():
        act = getattr(found.callback, "act", PUBLIC if name.startswith("public:") else None)
        if act != ROUTES[name]:
            wrong[name] = (act, ROUTES[name])
    assert not wrong


def test_every_act_of_the_table_is_in_the_policy() -> None:
    assert {act for act in ROUTES.values() if act not in {PUBLIC, SIGNED_IN}} <= set(access.POLICY)


def allowed(person: access.Person, act: str) -> bool:
    """Whether the policy lets this person do the act somewhere in the regency."""
    if act in {PUBLIC, SIGNED_IN}:
        return True
    found = access.scope(person, act, act.partition(".")[0], Purpose.DUTY, (), RAKOR_AT)
    return any(access.within(r, "19.06") or access.within("19.06", r) for r in found.regions)


@pytest.mark.django_db
@pytest.mark.parametrize("name", CAST)
def test_every_page_answers_this_person_as_the_policy_says(name: str, cast: Any, client_for: Callable[[str], Client]) -> None:
    client = client_for(name)
    client.raise_request_exception = False
    surprises = {}
    for route in FOUND:
        act = ROUTES[route]
        response = client.get(address(route), follow=False)
        answered = response.status_code
        good = answered < 500 and (answered != 403) == allowed(cast[name], act)
        if not good or ("/masuk/" in response.headers.get("Location", "") and route != "desk:sign_out"):
            surprises[route] = (act, answered)
        if route == "desk:sign_out":
            client = client_for(name)
            client.raise_request_exception = False
    assert not surprises


@pytest.mark.django_db
def test_eka_of_the_public_gets_public_pages_and_is_sent_to_sign_in_elsewhere(installation: Any) -> None:
    client = Client()
    for route in FOUND:
        response = client.get(address(route))
        sent = response.status_code == 302 and response.headers["Location"].startswith("/masuk/")
        assert sent == (ROUTES[route] != PUBLIC), route


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["budi", "kartika", "indra", "dedi"])
def test_a_form_sent_without_the_right_is_refused_and_writes_nothing(name: str, cast: Any, client_for: Callable[[str], Client]) -> None:
    from posko.store import record

    before, client = record.root(), client_for(name)
    for route, act in ROUTES.items():
        if route in FOUND and not allowed(cast[name], act):
            assert client.post(address(route), {}).status_code == 403, route
    assert record.root() == before
