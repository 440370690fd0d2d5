from rich.console import Console

from openbell.cli.remarks import remarks


def warning(where: str, code: str = "short_warmup") -> dict:
    return {"where": where, "what": "needs 159 bars.", "fix": "Import earlier bars.", "code": code}


def printed(*days: dict) -> str:
    console = Console(width=160, markup=False, highlight=False)
    with console.capture() as captured:
        for renderable in remarks(days):
            console.print(renderable)
    return captured.get()


class TestRemarks:
    def test_alike_warnings_of_all_days_are_one_row(self):
        day = {"warnings": [warning("AZO/ema_20_1d"), warning("TPL/ema_20_1d"), warning("TPL", "delisted")]}

        text = printed(day, day)

        rows = [line.split()[:3] for line in text.splitlines() if "needs 159" in line]
        assert rows == [["short_warmup", "2", "AZO/ema_20_1d:"], ["delisted", "1", "TPL:"]]

    def test_what_users_code_raised_is_told_with_its_first_instant(self):
        fault = {
            "name": "strategy:Cross",
            "at": "2024-07-01 10:05:00",
            "what": "KeyError: 'x'",
            "fix": "See cross.py:9",
        }

        text = printed({"faults": [fault, fault | {"at": "2024-07-01 10:10:00"}]})

        (row,) = (line for line in text.splitlines() if "KeyError" in line)
        assert row.split()[:3] == ["strategy:Cross", "2", "2024-07-01"]
        assert "10:05:00" in row
        assert "cross.py:9" in row

    def test_what_one_line_raises_again_and_again_is_one_row(self):
        fault = {"name": "strategy:Short", "at": "2024-07-01 10:05:00", "fix": "See short.py line 9"}
        whats = [f"window(2000) reaches {back} bars back." for back in (1999, 1998, 1997)]

        text = printed({"faults": [fault | {"what": what} for what in whats]})

        assert "reaches 1999" in text
        assert "reaches 1998" not in text

    def test_scanners_are_one_row_each_with_what_they_promoted(self):
        scan = {"scanner": "scanner:Gap", "looked": 9, "promoted": ["ERIE", "LII"], "dropped": []}

        text = printed({"scans": [scan, scan | {"promoted": ["LII"], "dropped": ["ERIE"]}]})

        (row,) = (line for line in text.splitlines() if "scanner:Gap" in line)
        assert row.split() == ["scanner:Gap", "ERIE", "LII", "2", "9", "3", "1"]

    def test_bars_outside_the_hours_are_counted(self):
        assert "12 stored bars outside the session's hours" in printed({"outside": 5}, {"outside": 7})

    def test_without_any_there_is_nothing(self):
        assert printed({"faults": [], "warnings": [], "outside": 0}, {}) == ""
