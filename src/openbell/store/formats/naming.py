"""Symbols and intervals out of the names of files and folders."""

import re
from collections.abc import Iterable

from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store.formats.format import Hints
from openbell.store.formats.source import Source

_WORDS = {
    "second": "1s", "sec": "1s", "minute": "1m", "min": "1m", "hour": "60m", "hourly": "60m", "day": "1d",
    "daily": "1d", "eod": "1d", "week": "1w", "weekly": "1w", "intraday": "", "iday": "",
}  # fmt: skip
_UNITS = {"s": "s", "sec": "s", "second": "s", "m": "m", "min": "m", "minute": "m", "t": "m", "h": "h", "hour": "h",
          "d": "d", "day": "d", "w": "w", "week": "w"}  # fmt: skip
_CHARTED = re.compile(
    r"[A-Z0-9]+(?:_DLY)?_([A-Za-z0-9.!]+), ?(\d+|\d*[SHDW])(?:[_ ].*)?"
)  # TradingView: NASDAQ_AAPL, 5
_OTHERS = (
    re.compile(r"([A-Z0-9.]+)_Candlestick_(\d+_[SMHDW])(?:_.*)?", re.IGNORECASE),  # Dukascopy
    re.compile(r"([A-Z]{6})(1|5|15|30|60|240|1440)"),  # MetaTrader: EURUSD60
)
_PAIR = re.compile(r"[A-Z0-9]{2,6}-[A-Z]{1,5}")  # BTC-USD, BRK-B
_NOISE = re.compile(
    r"\d+|\d{4}q[1-4]|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\d*|\d+(jan|feb|mar|apr|may|jun|jul|aug|sep"
    r"|oct|nov|dec)\d*|alphavantage|alpaca|barchart|candlestick|download|dukascopy|eodhd|firstrate|iqfeed|kibot|tiingo|tradingview|binance|bitfinex|blaizard|databento|dat|ascii|histdata|kraken|lean|mplfinance|"
    r"massive|ninjatrader|nt|polygon|stooq|yahoo|trade|trades|quote|candles|klines|ohlcv|ohlc|bars|aggs|data|raw|equity|"
    r"crypto|future|futures|forex|index|usa|us|historical|history|prices|stock|stocks|spot|export|csv|full|adjusted|bid|ask"
)


def interval_in(text: str) -> Interval | None:
    """The interval that a word means: ``1min M1 60m H1 daily``; None for another word.

    Examples
    --------
    >>> [str(interval_in(word)) for word in ("5min", "M1", "H1", "daily", "AAPL")]
    ['5m', '1m', '60m', '1d', 'None']
    """
    word = text.lower()
    if _WORDS.get(word):
        return Interval.parse(_WORDS[word])
    match = re.fullmatch(r"(\d{1,3})\s*([a-z]+?)s?", word) or re.fullmatch(r"(?:(?=[mhdw]\d))([a-z])(\d{1,3})", word)
    if match is None:
        return None
    count, unit = match.groups() if match[1].isdigit() else (match[2], match[1])
    return Interval.parse(f"{count}{_UNITS[unit]}") if unit in _UNITS and int(count) else None


def interval_of(source: Source, hints: Hints) -> Interval | None:
    """As said, else as the name or a folder's name has it."""
    if hints.interval is not None:
        return hints.interval
    charted = _charted(source.name)
    if charted is not None:
        length = charted[2].replace("_", "")
        return interval_in(f"{length}m" if length.isdigit() else length) or interval_in(f"1{length}")
    words = [*_words(source.name), *source.folders[:3]]
    return next((found for found in map(interval_in, words) if found is not None), None)


def _charted(name: str) -> re.Match[str] | None:
    """Symbol and length out of a name of a program that draws charts."""
    return next((match for form in (_CHARTED, *_OTHERS) if (match := form.fullmatch(name)) is not None), None)


def symbol_of(source: Source, hints: Hints) -> str:
    """As said, else the one word of the name that can be a symbol.

    Raises
    ------
    StoreError
        If the name has several such words, or none.
    """
    if hints.symbol is not None:
        return hints.symbol
    if source.symbol is not None:
        return source.symbol.upper()
    charted = _charted(source.name)
    if charted is not None:
        return charted[1].upper()
    if _PAIR.fullmatch(source.name):
        return source.name
    words = _candidates(_words(source.name))
    capitals = [word for word in words if word == word.upper() and any(map(str.isalpha, word))]
    found = capitals if len(capitals) == 1 else words
    if len(found) == 1:
        return found[0].upper()
    what = f"its symbol is not known: the name has {', '.join(found) or 'no word that could be one'}."
    raise StoreError(Problem(str(source), what, "Say it, as in --symbol AAPL.", code="symbol"))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[_\s,\-]+", name) if word]


def _candidates(words: Iterable[str]) -> list[str]:
    kept = [
        word
        for word in words
        if interval_in(word) is None and word.lower() not in _WORDS and not _NOISE.fullmatch(word.lower())
    ]
    return list(dict.fromkeys(kept))
