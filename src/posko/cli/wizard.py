"""The questions of `posko init`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from posko.cli import founding
from posko.cli.founding import AGENCY_OF, NEEDED_ROLES, Chosen, FirstUser, Plan, Shipped
from posko.cli.installation import say
from posko.domain import access


def ask(question: str, default: str = "", check: Callable[[str], str] = lambda _: "") -> str:
    """Until the answer is good; an empty answer takes the default."""
    while True:
        answer = input(f"  {question}{f' [{default}]' if default else ''}: ").strip() or default
        problem = check(answer) if answer else "Belum diisi."
        if not problem:
            return answer
        say(f"    {problem}")


def ask_yes(question: str) -> bool:
    """y or t."""
    return (
        ask(f"{question} (y/t)", check=lambda a: "" if a.lower() in ("y", "ya", "t", "tidak") else "Jawab y atau t.")
        .lower()
        .startswith("y")
    )


def questions(region: str, name: str, known: dict[str, Shipped]) -> Plan:
    """Everything by questions; what was given as a flag is the default."""
    say(
        "Pemasangan baru. Enter menerima yang di dalam kurung siku; Ctrl+C membatalkan, tidak ada yang ditulis sebelum akhir.\n\n1. Wilayah"
    )
    region = ask("Kode kabupaten/kota", region, founding.region_problem)
    name = ask("Nama kabupaten/kota", name)
    say("\n2. Pemilihan")
    for item in known.values():
        say(f"    {item.code}: {item.name}")
    listed = ask(
        "Kode pemilihan, pisahkan dengan koma", next(iter(known), ""),
        lambda text: next((f"Tidak ada {c!r}." for c in _words(text) if c not in known), ""),
    )  # fmt: skip
    elections = tuple(_ask_election(known[code], region) for code in dict.fromkeys(_words(listed)))
    say("\n3. Lembaga yang ikut")
    everyone = ",".join(AGENCY_OF.values())
    agencies = ask(
        "Lembaga", everyone, lambda text: next((f"Tidak ada {a!r}." for a in _words(text.upper()) if a not in AGENCY_OF.values()), "")
    )
    at_hand = founding.scenarios_for(region)
    places = at_hand[0] if at_hand and ask_yes(f"Muat desa, TPS, gudang dan dermaga dari skenario {at_hand[0].name}?") else None
    say("\n4. Akun pertama (sandi dibuatkan, dan tampil sekali di akhir)")
    plan = Plan(region, name, elections, tuple(_words(agencies.upper())), (), places)
    return replace(plan, users=tuple(_ask_users(plan)))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _ask_election(item: Shipped, region: str) -> Chosen:
    def check(text: str) -> str:
        try:
            founding.read_date(text)
        except ValueError:
            return "Tulis seperti 2024-02-14."
        return ""

    day = ask(f"Hari pemungutan suara {item.name}", item.voting_date.isoformat() if item.voting_date else "", check)
    return Chosen(item.code, item.name, item.contests_in(region), founding.read_date(day))


def _ask_users(plan: Plan) -> list[FirstUser]:
    users: list[FirstUser] = []
    defaults = {"admin.sistem": "admin", "kpu.operator": "operator"}
    for role, what in NEEDED_ROLES.items():
        say(f"  {what[0].upper()}{what[1:]}:")
        users.append(_ask_user(plan, users, role, defaults[role]))
    while ask_yes("Tambah akun lain?"):
        roles = ", ".join(sorted(r for r in access.STAFF if AGENCY_OF[r.partition(".")[0]] in plan.agencies))
        role = ask(f"Peran ({roles})", check=lambda text: "" if text in access.STAFF else "Peran itu tidak ada.")
        users.append(_ask_user(plan, users, role, ""))
    return users


def _ask_user(plan: Plan, users: Sequence[FirstUser], role: str, default: str) -> FirstUser:
    def check_name(text: str) -> str:
        taken = "Sudah dipakai." if text in {u.username for u in users} else ""
        return taken or next(iter(founding.user_problems(FirstUser(text, text, role, plan.region), plan)), "")

    username = ask("  Nama akun", default, check_name)
    display = ask("  Nama yang tampil", username.capitalize())
    outside = f"Harus di dalam {plan.region}."
    region = ask("  Wilayah", plan.region, lambda text: "" if access.within(text, plan.region) else outside)
    return FirstUser(username, display, role, region)
