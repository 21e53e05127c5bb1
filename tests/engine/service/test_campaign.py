"""Kills at random moments of everything that a service does: nothing acknowledged is lost."""

from pathlib import Path

import pytest

from tests.engine.service.campaign import Campaign
from tests.engine.service.campaign_scenarios import all_scenarios

SEED = 1
KILLS = 3
"""Of each kind; `make bench BENCH=faults` does many more."""


@pytest.mark.timeout(400)
def test_killed_at_random_moments(tmp_path: Path, token_file: Path, tiny_model: Path) -> None:
    print(f"seed {SEED}")
    campaign = Campaign(tmp_path, token_file, tiny_model, SEED)
    try:
        for scenario in all_scenarios(campaign, tmp_path):
            campaign.run(scenario, KILLS)
        assert sum(campaign.tally.kills.values()) >= 10 * KILLS
    finally:
        campaign.end()
