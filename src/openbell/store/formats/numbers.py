"""Numbers as people and web pages write them: with currencies, grouped thousands, a decimal comma, K M and B."""

import polars as pl

_SIGNS = r"^[$€£¥]|[$€£¥]$"
_POINT = r"^[+-]?\d{1,3}([, '\u{a0}\u{202f}]\d{3})+(\.\d*)?$"
_COMMA = r"^[+-]?\d{1,3}([. '\u{a0}\u{202f}]\d{3})+(,\d*)?$"
_GROUPS = r"[, '\u{a0}\u{202f}]"
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9}


def numbers_of(texts: pl.Series, *, decimal_comma: bool) -> pl.Series:
    """Numbers out of text, null where it is none; a comma or a point between groups of three digits is left out.

    Examples
    --------
    >>> numbers_of(pl.Series(["$1,234.50", " 7 ", "1.2M", "12,34", "n/a"]), decimal_comma=False).to_list()
    [1234.5, 7.0, 1200000.0, None, None]
    >>> numbers_of(pl.Series(["1.234,50", "0,5"]), decimal_comma=True).to_list()
    [1234.5, 0.5]
    """
    bare = texts.str.strip_chars().str.replace(_SIGNS, "").str.strip_chars()
    letters = bare.str.extract(r"^[\d.,]+([KMB])$")
    plain = _plain(bare.str.strip_suffix("K").str.strip_suffix("M").str.strip_suffix("B"), decimal_comma=decimal_comma)
    known = pl.when(letters.is_null()).then(_plain(bare, decimal_comma=decimal_comma))
    multiple = letters.replace_strict(_MULTIPLES, default=1.0, return_dtype=pl.Float64)
    # As people mean it: 70.01M are 70,010,000, and not a last bit less.
    return pl.select(known.otherwise((plain * multiple).round(4)))[:, 0]


def _plain(texts: pl.Series, *, decimal_comma: bool) -> pl.Series:
    grouped = texts.str.contains(_COMMA if decimal_comma else _POINT).fill_null(False)
    groups = _GROUPS.replace(",", ".") if decimal_comma else _GROUPS
    whole = pl.select(pl.when(grouped).then(texts.str.replace_all(groups, "")).otherwise(texts))[:, 0]
    if decimal_comma:
        # A point that groups nothing is no decimal point here.
        whole = pl.select(pl.when(~whole.str.contains(".", literal=True)).then(whole))[:, 0]
        whole = whole.str.replace(",", ".", literal=True)
    return whole.cast(pl.Float64, strict=False)
