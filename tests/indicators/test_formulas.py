"""What TA-Lib has not, against a second formulation written plainly, window by window."""

# ruff: noqa: E741 (o, h, l, c are what everyone calls them)
import math

import numpy as np
import pytest

from openbell.indicators.arithmetic import exponent, logarithm
from openbell.indicators.compute import compute
from openbell.testing.indicators import walk

BARS = walk(400, seed=11)
O, H, L, C, V = BARS.columns
COLUMNS = {"open": O, "high": H, "low": L, "close": C, "volume": V}
SESSION = np.arange(400) // 40
TYPICAL = (H + L + C) / 3
REACH = np.maximum(H[1:], C[:-1]) - np.minimum(L[1:], C[:-1])


def _over(period, value, bars=400):
    """A function of each window's slice, NaN before the first whole one."""
    return np.array([math.nan if i < period - 1 else value(slice(i - period + 1, i + 1)) for i in range(bars)])


def _ema(values, period):
    out = np.full(len(values), math.nan)
    start = int(np.argmax(np.isfinite(values)))
    mean = float(np.mean(values[start : start + period]))
    out[start + period - 1] = mean
    for i in range(start + period, len(values)):
        mean = values[i] * 2 / (period + 1) + mean * (1 - 2 / (period + 1))
        out[i] = mean
    return out


def _wma(values, period):
    weights = np.arange(1, period + 1)
    return _over(period, lambda w: float(values[w] @ weights) / weights.sum())


def _atr(period):
    reach = np.concatenate([[H[0] - L[0]], REACH])
    out = np.full(400, math.nan)
    out[period - 1] = reach[:period].mean()
    for i in range(period, 400):
        out[i] = (out[i - 1] * (period - 1) + reach[i]) / period
    return out


def _agree(ours, theirs, tolerance=1e-10):
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    scale = max(float(np.nanmax(np.abs(theirs))), 1e-12)
    assert float(np.nanmax(np.abs(ours - theirs))) <= tolerance * scale


class TestAverages:
    @pytest.mark.parametrize("period", [2, 9, 16])
    def test_hull(self, period):
        raw = 2 * _wma(C, period // 2) - _wma(C, period)

        _agree(compute("hma", close=C, period=period), _wma(raw, math.isqrt(period)))

    @pytest.mark.parametrize("period", [1, 9, 20])
    def test_zero_lag(self, period):
        lag = (period - 1) // 2
        ahead = np.full(400, math.nan)
        ahead[lag:] = 2 * C[lag:] - C[: 400 - lag]

        _agree(compute("zlema", close=C, period=period), _ema(ahead, period))

    @pytest.mark.parametrize(("period", "offset", "sigma"), [(9, 0.85, 6.0), (20, 0.5, 3.0)])
    def test_legoux(self, period, offset, sigma):
        place = np.arange(period) - math.floor(offset * (period - 1))
        weights = np.exp(-(place**2) / (2 * (period / sigma) ** 2))

        ours = compute("alma", close=C, period=period, offset=offset, sigma=sigma)

        _agree(ours, _over(period, lambda w: float(C[w] @ weights) / weights.sum()))

    def test_weighted_by_volume(self):
        _agree(compute("vwma", close=C, volume=V, period=10), _over(10, lambda w: float(C[w] @ V[w]) / V[w].sum()))


class TestTrend:
    def test_line_explains_its_share(self):
        line = _over(12, lambda w: np.corrcoef(np.arange(12), C[w])[0, 1] ** 2)

        _agree(compute("linreg", close=C, period=12)["r2"], line)

    def test_supertrend(self):
        atr, middle = _atr(10), (H + L) / 2
        value, direction = np.full(400, math.nan), np.full(400, math.nan)
        upper = lower = math.nan
        up = False
        for i in range(9, 400):
            top, bottom = middle[i] + 3 * atr[i], middle[i] - 3 * atr[i]
            if i > 9:
                lower = bottom if bottom > lower or C[i - 1] < lower else lower
                upper = top if top < upper or C[i - 1] > upper else upper
                up = C[i] >= lower if up else C[i] > upper
            else:
                upper, lower = top, bottom
            value[i], direction[i] = (lower, 1) if up else (upper, -1)

        ours = compute("supertrend", high=H, low=L, close=C, period=10)

        _agree(ours["value"], value)
        _agree(ours["direction"], direction)
        assert set(direction[9:]) == {1.0, -1.0}

    def test_ichimoku(self):
        def middle(n):
            return _over(n, lambda w: (H[w].max() + L[w].min()) / 2)

        def ahead(line):
            return np.concatenate([np.full(26, math.nan), line[:-26]])

        ours = compute("ichimoku", high=H, low=L)

        late = np.arange(400) < 77
        for name, line in {
            "conversion": middle(9),
            "base": middle(26),
            "span_a": ahead((middle(9) + middle(26)) / 2),
            "span_b": ahead(middle(52)),
        }.items():
            _agree(ours[name], np.where(late, math.nan, line))

    def test_vortex(self):
        plus = np.concatenate([[math.nan], np.abs(H[1:] - L[:-1])])
        minus = np.concatenate([[math.nan], np.abs(L[1:] - H[:-1])])
        reach = np.concatenate([[math.nan], REACH])

        ours = compute("vortex", high=H, low=L, close=C, period=14)

        _agree(ours["plus"], _over(14, lambda w: plus[w].sum() / reach[w].sum()))
        _agree(ours["minus"], _over(14, lambda w: minus[w].sum() / reach[w].sum()))

    def test_choppiness(self):
        reach = np.concatenate([[H[0] - L[0]], REACH])

        def index(w):
            return 100 * math.log10(reach[w].sum() / (H[w].max() - L[w].min())) / math.log10(14)

        _agree(compute("choppiness", high=H, low=L, close=C, period=14), _over(14, index))


class TestMomentum:
    def test_true_strength(self):
        moves = np.concatenate([[math.nan], np.diff(C)])
        index = 100 * _ema(_ema(moves, 25), 13) / _ema(_ema(np.abs(moves), 25), 13)
        signal = _ema(index, 7)

        ours = compute("tsi", close=C)

        _agree(ours["signal"], signal)
        _agree(ours["tsi"], np.where(np.isnan(signal), math.nan, index))

    def test_awesome(self):
        middle = (H + L) / 2

        _agree(
            compute("awesome_oscillator", high=H, low=L),
            _over(34, lambda w: middle[w][-5:].mean() - middle[w].mean()),
        )

    def test_chande(self):
        moves = np.concatenate([[math.nan], np.diff(C)])

        _agree(
            compute("cmo", close=C, period=9),
            _over(9, lambda w: 100 * moves[w].sum() / np.abs(moves[w]).sum()),
        )


class TestVolatility:
    def test_bollingers_fractions(self):
        ours = compute("bbands", close=C, period=20, num_std=2.5)

        mean, deviation = _over(20, lambda w: C[w].mean()), _over(20, lambda w: C[w].std())
        _agree(ours["percent_b"], (C - (mean - 2.5 * deviation)) / (5 * deviation))
        _agree(ours["bandwidth"], 5 * deviation / mean)

    def test_keltner(self):
        ours = compute("keltner", high=H, low=L, close=C, period=20, multiplier=1.5)

        _agree(ours["upper"], _ema(C, 20) + 1.5 * np.where(np.arange(400) < 19, math.nan, _atr(10)))
        _agree(ours["lower"], _ema(C, 20) - 1.5 * np.where(np.arange(400) < 19, math.nan, _atr(10)))

    def test_donchian(self):
        ours = compute("donchian", high=H, low=L, period=7)

        _agree(ours["upper"], _over(7, lambda w: H[w].max()))
        _agree(ours["lower"], _over(7, lambda w: L[w].min()))
        _agree(ours["middle"], (ours["upper"] + ours["lower"]) / 2)

    def test_historical(self):
        returns = np.concatenate([[math.nan], np.diff(np.log(C))])

        ours = compute("histvol", close=C, period=20, per_year=19656)

        _agree(ours, _over(20, lambda w: returns[w].std(ddof=1) * math.sqrt(19656)))

    def test_historical_needs_a_calendar_or_a_figure(self):
        with pytest.raises(ValueError, match="per_year"):
            compute("histvol", close=C, period=20)


class TestVolume:
    def test_weighted_price_of_the_session(self):
        ours = compute("vwap", high=H, low=L, close=C, volume=V, session=SESSION)

        first = np.arange(400) // 40 * 40
        theirs = [TYPICAL[a : i + 1] @ V[a : i + 1] / V[a : i + 1].sum() for i, a in enumerate(first)]
        _agree(ours, np.array(theirs))

    def test_money_flow(self):
        flow = (2 * C - H - L) / (H - L) * V

        ours = compute("cmf", high=H, low=L, close=C, volume=V, period=20)

        _agree(ours, _over(20, lambda w: flow[w].sum() / V[w].sum()))

    def test_force(self):
        force = np.concatenate([[math.nan], np.diff(C)]) * V

        _agree(compute("force_index", close=C, volume=V, period=13), _ema(force, 13))

    def test_ease_of_movement(self):
        middle = (H + L) / 2
        there = np.where(V > 0, V, 1)
        ease = np.concatenate([[math.nan], np.diff(middle)]) * (H - L) * 10_000 / there * (V > 0)

        _agree(compute("ease_of_movement", high=H, low=L, volume=V, period=14), _over(14, lambda w: ease[w].mean()))

    def test_relative_to_the_same_place_of_past_sessions(self):
        table = V.reshape(10, 40)

        ours = compute("relative_volume", volume=V, session=SESSION, period=3).reshape(10, 40)

        for day in range(1, 10):
            _agree(ours[day], table[day] / table[max(day - 3, 0) : day].mean(axis=0))
        assert np.isnan(ours[0]).all()

    def test_relative_leaves_out_a_session_that_closed_early(self):
        volume, session = np.array([2.0, 2, 2, 4, 3, 3, 3]), np.array([0, 0, 0, 1, 2, 2, 2])

        ours = compute("relative_volume", volume=volume, session=session, period=2)

        assert ours[4:].tolist() == [1.0, 1.5, 1.5]


class TestLevels:
    def _yesterday(self, day):
        w = slice((day - 1) * 40, day * 40)
        return O[w][0], H[w].max(), L[w].min(), C[w][-1]

    def test_previous_day(self):
        ours = compute("previous_day", high=H, low=L, close=C, session=SESSION)

        _, high, low, close = self._yesterday(4)
        assert [ours[name][170] for name in ("high", "low", "close")] == [high, low, close]
        assert np.isnan(ours["high"][:40]).all()

    def test_gap(self):
        ours = compute("gap", open=O, close=C, session=SESSION)

        assert ours["value"][170] == O[160] - C[159]
        assert math.isclose(ours["percent"][170], 100 * (O[160] / C[159] - 1), rel_tol=1e-9)

    def test_opening_range(self):
        ours = compute("opening_range", high=H, low=L, session=SESSION, period=5)

        assert (ours["high"][170], ours["low"][170]) == (H[160:165].max(), L[160:165].min())
        assert (ours["high"][162], ours["low"][160]) == (H[160:163].max(), L[160])

    def test_pivots(self):
        o, h, l, c = self._yesterday(4)
        p, r = (h + l + c) / 3, h - l
        x = h + l + c + (l if c < o else h)
        woodie = (h + l + 2 * c) / 4
        expected = {
            "classic": [p, 2 * p - l, p + r, h + 2 * (p - l), 3 * p + h - 3 * l],
            "fibonacci": [p, p + 0.382 * r, p + 0.618 * r, p + r, p + r],
            "camarilla": [p, *(c + r * 1.1 / n for n in (12, 6, 4, 2))],
            "woodie": [woodie, 2 * woodie - l, woodie + r, h + 2 * (woodie - l), h + 2 * (woodie - l) + r],
            "demark": [x / 4, *[x / 2 - l] * 4],
        }
        below = {
            "classic": [2 * p - h, p - r, l - 2 * (h - p), 3 * p - (3 * h - l)],
            "fibonacci": [p - 0.382 * r, p - 0.618 * r, p - r, p - r],
            "camarilla": [c - r * 1.1 / n for n in (12, 6, 4, 2)],
            "woodie": [2 * woodie - h, woodie - r, l - 2 * (h - woodie), l - 2 * (h - woodie) - r],
            "demark": [x / 2 - h] * 4,
        }

        for method, levels in expected.items():
            ours = compute("pivot_points", open=O, high=H, low=L, close=C, session=SESSION, method=method)
            assert [ours[n][170] for n in ("pivot", "r1", "r2", "r3", "r4")] == pytest.approx(levels, rel=1e-12)
            assert [ours[n][170] for n in ("s1", "s2", "s3", "s4")] == pytest.approx(below[method], rel=1e-12)


class TestDegenerateInputs:
    def test_relative_volume_without_a_past_is_one(self):
        assert compute("relative_volume", volume=np.array([0.0, 5.0]), session=np.array([0, 1]), period=1)[1] == 1.0


class TestTranscendentals:
    def test_agree_with_the_c_library_to_an_ulp_or_two(self):
        xs = np.exp(np.linspace(-300, 300, 20_001))
        near = 1 + np.linspace(-0.01, 0.01, 2_001)

        assert max(abs(logarithm(float(x)) - math.log(x)) for x in xs) <= 2e-13
        assert all(math.isclose(logarithm(float(x)), math.log(x), rel_tol=1e-15, abs_tol=1e-18) for x in near)
        ys = np.linspace(-690, 5, 20_001)
        assert all(math.isclose(exponent(float(y)), math.exp(y), rel_tol=5e-16) for y in ys)
