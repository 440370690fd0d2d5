import json
import subprocess
import sys

import pytest

from openbell.cli.main import main
from openbell.indicators import registry


class TestTheCatalogue:
    def test_names_every_indicator(self, capsys):
        assert main(["indicators"]) == 0

        said = capsys.readouterr().out
        for name in registry.names():
            assert name in said

    def test_is_a_document_for_programs(self, capsys):
        assert main(["indicators", "--json"]) == 0

        listed = json.loads(capsys.readouterr().out)["indicators"]
        assert [one["name"] for one in listed] == list(registry.names())

    def test_loads_nothing_heavy(self):
        code = "import sys; from openbell.cli.main import main; main(['indicators']); print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert not {"numba", "polars", "pandas"} & set(done.stdout.splitlines()[-1].split())

    @pytest.mark.parametrize("name", registry.names())
    def test_shows_each_one_with_parameters_warm_up_and_how_to_write_it(self, name, capsys):
        assert main(["indicators", name]) == 0

        said = capsys.readouterr().out
        made = registry.definition(name)
        assert all(p.name in said for p in made.params)
        assert "warm-up" in said
        assert f'[[indicators]]\nname = "{name}"' in said

    def test_offers_the_nearest_name(self, capsys):
        assert main(["indicators", "rsy"]) == 1

        assert "rsi" in capsys.readouterr().err

    def test_an_example_of_a_fading_one_says_when_it_is_settled(self, capsys):
        main(["indicators", "ema", "--json"])

        example = json.loads(capsys.readouterr().out)["example"]
        assert example["key"] == "ema_14_5m"
        assert example["warmup"] > example["lookback"] == 14
