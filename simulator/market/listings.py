"""The built-in listings, as data: shares and funds, currency pairs, roots of futures, market rules.

Prices and volatilities are plausible starting points of the simulated market, nothing more.
"""

from __future__ import annotations

from typing import NamedTuple


class Listing(NamedTuple):
    """A share or fund: contract id, symbol, name, typical price, volatility per year, where, in what, kind."""

    con_id: int
    symbol: str
    name: str
    base: float
    volatility: float
    primary: str
    currency: str = "USD"
    kind: str = "COMMON"


class FxPair(NamedTuple):
    """A currency pair: contract id, base currency, quote currency, typical rate, price increment."""

    con_id: int
    symbol: str
    currency: str
    rate: float
    tick: str = "0.00005"


class FutureRoot(NamedTuple):
    """A future with quarterly expiries on the third Friday."""

    symbol: str
    name: str
    exchange: str
    multiplier: str
    tick: str
    base: float
    volatility: float
    market_rule: int


LISTINGS = (
    Listing(265598, "AAPL", "APPLE INC", 212.0, 0.28, "NASDAQ"),
    Listing(272093, "MSFT", "MICROSOFT CORP", 428.0, 0.25, "NASDAQ"),
    Listing(3691937, "AMZN", "AMAZON.COM INC", 196.0, 0.32, "NASDAQ"),
    Listing(208813719, "GOOGL", "ALPHABET INC-CL A", 178.0, 0.30, "NASDAQ"),
    Listing(107113386, "META", "META PLATFORMS INC-CLASS A", 512.0, 0.36, "NASDAQ"),
    Listing(4815747, "NVDA", "NVIDIA CORP", 131.0, 0.50, "NASDAQ"),
    Listing(76792991, "TSLA", "TESLA INC", 248.0, 0.55, "NASDAQ"),
    Listing(4391, "AMD", "ADVANCED MICRO DEVICES", 158.0, 0.48, "NASDAQ"),
    Listing(270639, "INTC", "INTEL CORP", 31.0, 0.42, "NASDAQ"),
    Listing(268084, "CSCO", "CISCO SYSTEMS INC", 52.0, 0.22, "NASDAQ"),
    Listing(213276, "NFLX", "NETFLIX INC", 672.0, 0.38, "NASDAQ"),
    Listing(272997, "COST", "COSTCO WHOLESALE CORP", 868.0, 0.22, "NASDAQ"),
    Listing(11017, "PEP", "PEPSICO INC", 171.0, 0.18, "NASDAQ"),
    Listing(265768, "ADBE", "ADOBE INC", 545.0, 0.34, "NASDAQ"),
    Listing(273544, "QCOM", "QUALCOMM INC", 186.0, 0.38, "NASDAQ"),
    Listing(274105, "SBUX", "STARBUCKS CORP", 92.0, 0.30, "NASDAQ"),
    Listing(8314, "IBM", "INTL BUSINESS MACHINES CORP", 196.0, 0.22, "NYSE"),
    Listing(8894, "KO", "COCA-COLA CO/THE", 66.0, 0.15, "NYSE"),
    Listing(13977, "XOM", "EXXON MOBIL CORP", 116.0, 0.26, "NYSE"),
    Listing(5684, "CVX", "CHEVRON CORP", 156.0, 0.25, "NYSE"),
    Listing(8719, "JNJ", "JOHNSON & JOHNSON", 158.0, 0.17, "NYSE"),
    Listing(11763, "PG", "PROCTER & GAMBLE CO/THE", 168.0, 0.16, "NYSE"),
    Listing(13824, "WMT", "WALMART INC", 71.0, 0.20, "NYSE"),
    Listing(6459, "DIS", "WALT DISNEY CO/THE", 98.0, 0.28, "NYSE"),
    Listing(10098, "BAC", "BANK OF AMERICA CORP", 42.0, 0.28, "NYSE"),
    Listing(1520593, "JPM", "JPMORGAN CHASE & CO", 208.0, 0.24, "NYSE"),
    Listing(4627828, "GS", "GOLDMAN SACHS GROUP INC", 492.0, 0.28, "NYSE"),
    Listing(49462172, "V", "VISA INC-CLASS A SHARES", 268.0, 0.20, "NYSE"),
    Listing(38685693, "MA", "MASTERCARD INC - A", 448.0, 0.21, "NYSE"),
    Listing(7930, "HD", "HOME DEPOT INC", 356.0, 0.24, "NYSE"),
    Listing(9408, "MCD", "MCDONALD'S CORP", 258.0, 0.18, "NYSE"),
    Listing(10291, "NKE", "NIKE INC -CL B", 76.0, 0.32, "NYSE"),
    Listing(4762, "BA", "BOEING CO/THE", 182.0, 0.36, "NYSE"),
    Listing(5437, "CAT", "CATERPILLAR INC", 342.0, 0.28, "NYSE"),
    Listing(11031, "PFE", "PFIZER INC", 29.0, 0.26, "NYSE"),
    Listing(37018770, "T", "AT&T INC", 19.0, 0.22, "NYSE"),
    Listing(4901, "VZ", "VERIZON COMMUNICATIONS INC", 41.0, 0.21, "NYSE"),
    Listing(13272, "UNH", "UNITEDHEALTH GROUP INC", 506.0, 0.25, "NYSE"),
    Listing(756733, "SPY", "SPDR S&P 500 ETF TRUST", 560.0, 0.16, "ARCA", "USD", "ETF"),
    Listing(320227571, "QQQ", "INVESCO QQQ TRUST SERIES 1", 478.0, 0.21, "NASDAQ", "USD", "ETF"),
    Listing(9579970, "IWM", "ISHARES RUSSELL 2000 ETF", 218.0, 0.22, "ARCA", "USD", "ETF"),
    Listing(73128548, "DIA", "SPDR DJIA TRUST", 408.0, 0.15, "ARCA", "USD", "ETF"),
    Listing(51529211, "GLD", "SPDR GOLD SHARES", 232.0, 0.14, "ARCA", "USD", "ETF"),
    Listing(15547841, "TLT", "ISHARES 20+ YEAR TREASURY BD", 94.0, 0.15, "NASDAQ", "USD", "ETF"),
    Listing(4215220, "XLF", "FINANCIAL SELECT SECTOR SPDR", 43.0, 0.18, "ARCA", "USD", "ETF"),
    Listing(38708077, "AAPL", "APPLE INC", 4140.0, 0.28, "MEXI", "MXN"),
    Listing(38708990, "MSFT", "MICROSOFT CORP", 8350.0, 0.25, "MEXI", "MXN"),
)

FX_PAIRS = (
    FxPair(12087792, "EUR", "USD", 1.0850),
    FxPair(12087797, "GBP", "USD", 1.2700),
    FxPair(14433401, "AUD", "USD", 0.6650),
    FxPair(39453441, "NZD", "USD", 0.6050),
    FxPair(15016059, "USD", "JPY", 155.20, "0.005"),
    FxPair(12087820, "USD", "CHF", 0.8950),
    FxPair(15016062, "USD", "CAD", 1.3650),
    FxPair(35045199, "USD", "MXN", 19.50, "0.0001"),
    FxPair(12087807, "EUR", "GBP", 0.8540),
)

FUTURES = (
    FutureRoot("ES", "E-mini S&P 500", "CME", "50", "0.25", 5620.0, 0.16, 67),
    FutureRoot("NQ", "E-mini NASDAQ 100", "CME", "20", "0.25", 19650.0, 0.21, 67),
    FutureRoot("RTY", "E-mini Russell 2000", "CME", "50", "0.1", 2190.0, 0.22, 2444),
)

MARKET_RULES: dict[int, tuple[tuple[str, str], ...]] = {
    26: (("0", "0.01"),),
    59: (("0", "0.005"),),
    67: (("0", "0.25"),),
    239: (("0", "0.00005"),),
    240: (("0", "0.0001"),),
    2444: (("0", "0.1"),),
}
