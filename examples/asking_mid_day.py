# %% [markdown]
# # Asking in the middle of a day
# A session can be run by hand, cell by cell: go to a time, look, ask for more, go on.

# %%
import sys
from pathlib import Path

import openbell as ob
from openbell.testing.market import SyntheticMarket

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "example-data")
store = folder / "small"
if not store.exists():
    SyntheticMarket(("OAK", "ELM", "ASH", "YEW"), sessions=12).into_store(store)

# %% A day with one symbol, up to 10:30.
day = ob.SessionCoordinator.from_file(
    {
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-05", "end": "2024-06-05"},
        "session": {"symbols": ["OAK"], "intervals": ["1m", "5m"]},
    }
)
day.start_day()
day.advance_to("10:30")

# %% What would an RSI of another symbol need? Nothing is changed by asking.
rsi = ob.indicator("rsi", interval="5m", period=14)
needed = day.analyze_requirements("indicator", "ELM", "user", indicator=rsi)
print(needed)

# %% Have it, and read it.
print(day.execute_provisioning(needed))
elm = day.session_data.get_symbol_data("ELM")
print(elm.indicators["rsi_14_5m"])

# %% What cannot be had says why, and what to do.
print(day.add_symbol("OAKK"))

# %% Go on: by steps, until a time, until something happens.
day.control.step(minutes=15)
day.control.run_until("12:00")
reached = day.control.run_until(lambda: elm.indicators["rsi_14_5m"].current_value > 60)
now = day.time.at(day.time.now)
print(f"{now:%H:%M}: RSI {elm.indicators['rsi_14_5m'].current_value:.1f}, above 60: {reached}")

# %% The rest of the day.
print(day.finish_day().digest)
day.close()
