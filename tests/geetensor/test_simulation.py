"""What exports cost under faults, quotas and limits that nobody told of: simulated."""

from __future__ import annotations

import statistics

import pytest

from tests.geetensor.simulation import Service, Simulation

COUNTED = 5000 * 5000 * 12


@pytest.mark.parametrize("latency", [0.1, 0.4, 2.0])
def test_without_trouble_an_export_takes_what_the_service_does(latency: float) -> None:
    service = Service(latency)
    client = Simulation(service)
    assert client.export() <= 1.2 * service.bound(COUNTED)  # not all places, at first
    assert client.export() <= 1.08 * service.bound(COUNTED)
    assert client.export(1500) <= 1.1 * (service.bound(1500 * 1500 * 12))
    assert service.refusals == {}


@pytest.mark.parametrize(
    ("latency", "share", "mean"),
    [(0.1, 0.1, 1.35), (0.4, 0.1, 1.5), (1.0, 0.1, 1.8), (0.4, 0.3, 2.2), (2.0, 0.3, 4.0)],
)
def test_faults_cost_a_few_latencies(latency: float, share: float, mean: float) -> None:
    times = []
    for seed in range(30):
        service = Service(latency, faults=share)
        times.append(Simulation(service, seed).export() / service.bound(COUNTED))
    assert statistics.mean(times) <= mean


@pytest.mark.parametrize("latency", [0.1, 0.4, 1.0, 2.0])
@pytest.mark.parametrize("quota", [2, 6])
def test_a_quota_costs_little_more_than_one_that_is_told(latency: float, quota: int) -> None:
    told = Simulation(Service(latency, quota=quota)).export(max_workers=quota)
    service = Service(latency, quota=quota)
    client = Simulation(service)
    assert client.export() <= 1.25 * told
    assert service.refusals["429"] <= 40
    assert client.export() <= 1.05 * told


@pytest.mark.parametrize(("latency", "first"), [(0.1, 1.4), (0.4, 1.65), (1.0, 2.1), (2.0, 2.5)])
def test_a_memory_limit_costs_one_failed_wave(latency: float, first: float) -> None:
    service = Service(latency, memory=4_000_000)
    client = Simulation(service)
    assert client.export() <= first * service.bound(COUNTED)
    failed = service.refusals["memory"]
    assert failed <= 39
    two_waves = 2 * latency + COUNTED / 40 / service.rate
    assert client.export() <= 1.1 * two_waves
    assert service.refusals["memory"] == failed


@pytest.mark.parametrize("seed", range(20))
def test_all_of_it_at_once_ends(seed: int) -> None:
    service = Service(0.4, quota=9, faults=0.2, hangs=0.02, memory=3_000_000, spread=0.5)
    client = Simulation(service, seed)
    assert client.export(3000) <= 10 * service.bound(3000 * 3000 * 12)
