"""Transfers: who brings how many to whom. `domain.transfers.violations` decides whether it may be driven.

Objective (domain.transfers.objective): cover most pieces; then fewest minutes of all trips, a trip being a pair of TPS however many
pieces it carries; then fewest piece-minutes; then the order of the codes. The first is a maximum flow. The second is a fixed charge per
pair, which a flow cannot price: with one TPS in need it is solved exactly by dynamic programming over the pieces, with several by branch
and bound whose bounds are minimum-cost flows (network simplex) with the charge of a pair spread over the pieces it could carry (the
classic relaxation: Balinski 1961, Naval Research Logistics Quarterly 8, 41-54). Integers throughout, no clock, no chance: the same
question has the same answer on every machine. Where the search stops at its limit, `proven` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

Pair = tuple[str, str]
NODES = 150
"""Branches looked at before the search is content with the best it has; fewer where there are very many pairs."""
MOST_PAIRS = 3000
"""Beyond so many pairs only the nearest givers of each TPS are looked at, and the answer is not called proven."""


@dataclass(frozen=True)
class Plan:
    """(giver, receiver) -> pieces, only pairs that carry some; proven: whether nothing better exists."""

    flow: dict[Pair, int]
    proven: bool

    @property
    def covered(self) -> int:
        """Pieces in all."""
        return sum(self.flow.values())


def plan(wants: Mapping[str, int], spares: Mapping[str, int], minutes: Mapping[Pair, int], nodes: int = NODES) -> Plan:
    """The best transfers. wants, spares: TPS -> pieces; minutes: (giver, receiver) -> whole minutes, legal pairs only."""
    pairs = sorted(p for p in minutes if wants.get(p[1], 0) > 0 and spares.get(p[0], 0) > 0)
    if not pairs:
        return Plan({}, True)
    rank = {pair: number for number, pair in enumerate(sorted(minutes), start=1)}
    whole = len(pairs) <= MOST_PAIRS
    pairs = pairs if whole else _nearest(pairs, minutes)
    receivers = {receiver for _, receiver in pairs}
    if len(receivers) == 1:
        return Plan(_single(next(iter(receivers)), wants, spares, {p: minutes[p] for p in pairs}, rank), True)
    found = _Search(wants, spares, {p: minutes[p] for p in pairs}, rank).run(max(3, min(nodes, 100 * MOST_PAIRS // len(pairs))))
    return Plan(found.flow, found.proven and whole)


def _nearest(pairs: list[Pair], minutes: Mapping[Pair, int]) -> list[Pair]:
    """The same number of nearest givers for every TPS in need, as many as MOST_PAIRS allows."""
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        of.setdefault(pair[1], []).append(pair)
    each = max(1, MOST_PAIRS // len(of))
    return sorted(pair for mine in of.values() for pair in sorted(mine, key=lambda p: (minutes[p], p))[:each])


def _single(
    receiver: str, wants: Mapping[str, int], spares: Mapping[str, int], minutes: Mapping[Pair, int], rank: Mapping[Pair, int]
) -> dict[Pair, int]:
    """One TPS in need. For a chosen set of givers the nearest are emptied first, so going through them in that order is exact."""
    want = min(wants[receiver], sum(spares[giver] for giver, _ in minutes))
    best: dict[int, tuple[tuple[int, int, int], tuple[tuple[Pair, int], ...]]] = {0: ((0, 0, 0), ())}
    for pair in sorted(minutes, key=lambda p: (minutes[p], p)):
        for covered, (cost, chosen) in list(best.items()):
            carried = min(spares[pair[0]], want - covered)
            if carried == 0:
                continue
            dearer = (cost[0] + minutes[pair], cost[1] + carried * minutes[pair], cost[2] + rank[pair])
            reached = covered + carried
            if reached not in best or dearer < best[reached][0]:
                best[reached] = (dearer, (*chosen, (pair, carried)))
    return dict(best[want][1])


class _Search:
    """Branch and bound over which pairs are driven. Costs are one integer: trip minutes, then piece-minutes, then ranks."""

    def __init__(self, wants: Mapping[str, int], spares: Mapping[str, int], minutes: Mapping[Pair, int], rank: Mapping[Pair, int]) -> None:
        self.wants, self.spares, self.minutes = wants, spares, minutes
        self.most = {p: min(spares[p[0]], wants[p[1]]) for p in minutes}
        ranks = sum(rank[p] for p in minutes) + 1
        self.per_minute = ranks
        per_trip = ranks * (sum(self.most[p] * minutes[p] for p in minutes) + 1)
        self.charge = {p: minutes[p] * per_trip + rank[p] for p in minutes}
        self.covered = self._most_covered(frozenset())

    def run(self, nodes: int) -> Plan:
        """Depth first; the pair whose charge the relaxation understates most is decided next."""
        best: dict[Pair, int] = {}
        best_cost: int | None = None
        stack: list[tuple[frozenset[Pair], frozenset[Pair]]] = [(frozenset(), frozenset())]
        looked = 0
        while stack and looked < nodes:
            driven, closed = stack.pop()
            looked += 1
            if closed and self._most_covered(closed) < self.covered:
                continue
            bound, flow = self._relaxed(driven, closed)
            if best_cost is not None and bound >= best_cost:
                continue
            cost = self._cost(flow)
            if best_cost is None or cost < best_cost:
                best, best_cost = flow, cost
            gaps = {p: self.charge[p] - n * (self.charge[p] // self.most[p]) for p, n in flow.items() if p not in driven}
            if gaps and max(gaps.values()) > 0:
                pair = max(gaps, key=lambda p: (gaps[p], p))
                stack.append((driven, closed | {pair}))
                stack.append((driven | {pair}, closed))
        return Plan(dict(sorted(best.items())), not stack)

    def _cost(self, flow: Mapping[Pair, int]) -> int:
        return sum(self.charge[p] + n * self.minutes[p] * self.per_minute for p, n in flow.items())

    def _most_covered(self, closed: frozenset[Pair]) -> int:
        graph = self._graph(frozenset(), closed)
        return int(nx.maximum_flow_value(graph, "source", "sink"))

    def _relaxed(self, driven: frozenset[Pair], closed: frozenset[Pair]) -> tuple[int, dict[Pair, int]]:
        """A lower bound on every plan of this branch, and the flow that attains it. Closed pairs are gone, driven ones are paid."""
        graph = self._graph(driven, closed)
        graph.nodes["source"]["demand"], graph.nodes["sink"]["demand"] = -self.covered, self.covered
        cost, found = nx.network_simplex(graph)
        flow = {p: found[f"g{p[0]}"][f"r{p[1]}"] for p in self.minutes if p not in closed and found[f"g{p[0]}"].get(f"r{p[1]}")}
        return int(cost) + sum(self.charge[p] for p in driven), flow

    def _graph(self, driven: frozenset[Pair], closed: frozenset[Pair]) -> "nx.DiGraph[str]":
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_node("source")
        graph.add_node("sink")
        for giver in sorted({g for g, _ in self.minutes}):
            graph.add_edge("source", f"g{giver}", capacity=self.spares[giver], weight=0)
        for pair in sorted(self.minutes):
            if pair not in closed:
                spread = 0 if pair in driven else self.charge[pair] // self.most[pair]
                weight = self.minutes[pair] * self.per_minute + spread
                graph.add_edge(f"g{pair[0]}", f"r{pair[1]}", capacity=self.most[pair], weight=weight)
        for receiver in sorted({r for _, r in self.minutes}):
            graph.add_edge(f"r{receiver}", "sink", capacity=self.wants[receiver], weight=0)
        return graph
