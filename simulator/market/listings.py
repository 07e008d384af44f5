"""The built-in listings, as data: shares and funds, currency pairs, indices, crypto-currencies.

Contract ids, names and identifiers are the real ones. Prices and volatilities are plausible starting points of
the simulated market, nothing more. The same symbol may be listed in several currencies, as in reality.
"""

from __future__ import annotations

from typing import NamedTuple

Sector = tuple[str, str, str]
"""Industry, category and subcategory as contract details name them."""


class Listing(NamedTuple):
    """A share or fund: contract id, symbol, name, typical price, volatility per year, where, ISIN, what, in what."""

    con_id: int
    symbol: str
    name: str
    base: float
    volatility: float
    primary: str
    isin: str
    sector: Sector
    currency: str = "USD"
    kind: str = "COMMON"


class FxPair(NamedTuple):
    """A currency pair: contract id, base currency, quote currency, typical rate, price increment."""

    con_id: int
    symbol: str
    currency: str
    rate: float
    tick: str = "0.00005"


class Index(NamedTuple):
    """An index: a number that is published; futures and options are traded on it, not the index itself."""

    con_id: int
    symbol: str
    name: str
    exchange: str
    base: float
    volatility: float


class Coin(NamedTuple):
    """A crypto-currency, traded for US dollars on PAXOS."""

    con_id: int
    symbol: str
    name: str
    base: float
    volatility: float
    tick: str
    market_rule: int


_COMPUTERS = ("Technology", "Computers", "Computers")
_SOFTWARE = ("Technology", "Software", "Applications Software")
_CHIPS = ("Technology", "Semiconductors", "Electronic Compo-Semicon")
_INTERNET = ("Communications", "Internet", "Web Portals/ISP")
_TELECOM = ("Communications", "Telecommunications", "Telephone-Integrated")
_MEDIA = ("Communications", "Media", "Multimedia")
_CARS = ("Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks")
_RETAIL = ("Consumer, Cyclical", "Retail", "Retail-Discount")
_STAPLES = ("Consumer, Non-cyclical", "Cosmetics/Personal Care", "Consumer Products-Misc")
_HEALTH = ("Consumer, Non-cyclical", "Pharmaceuticals", "Medical-Drugs")
_OIL = ("Energy", "Oil&Gas", "Oil Comp-Integrated")
_BANKS = ("Financial", "Banks", "Diversified Banking Inst")
_PAYMENTS = ("Financial", "Diversified Finan Serv", "Finance-Credit Card")
_INDUSTRY = ("Industrial", "Machinery-Constr&Mining", "Machinery-Constr&Mining")
_FUNDS = ("", "", "")

LISTINGS = (
    Listing(265598, "AAPL", "APPLE INC", 212.0, 0.28, "NASDAQ", "US0378331005", _COMPUTERS),
    Listing(272093, "MSFT", "MICROSOFT CORP", 428.0, 0.25, "NASDAQ", "US5949181045", _SOFTWARE),
    Listing(3691937, "AMZN", "AMAZON.COM INC", 196.0, 0.32, "NASDAQ", "US0231351067", _INTERNET),
    Listing(208813719, "GOOGL", "ALPHABET INC-CL A", 178.0, 0.30, "NASDAQ", "US02079K3059", _INTERNET),
    Listing(107113386, "META", "META PLATFORMS INC-CLASS A", 512.0, 0.36, "NASDAQ", "US30303M1027", _INTERNET),
    Listing(4815747, "NVDA", "NVIDIA CORP", 131.0, 0.50, "NASDAQ", "US67066G1040", _CHIPS),
    Listing(76792991, "TSLA", "TESLA INC", 248.0, 0.55, "NASDAQ", "US88160R1014", _CARS),
    Listing(4391, "AMD", "ADVANCED MICRO DEVICES", 158.0, 0.48, "NASDAQ", "US0079031078", _CHIPS),
    Listing(270639, "INTC", "INTEL CORP", 31.0, 0.42, "NASDAQ", "US4581401001", _CHIPS),
    Listing(268084, "CSCO", "CISCO SYSTEMS INC", 52.0, 0.22, "NASDAQ", "US17275R1023", _TELECOM),
    Listing(213276, "NFLX", "NETFLIX INC", 672.0, 0.38, "NASDAQ", "US64110L1061", _INTERNET),
    Listing(272997, "COST", "COSTCO WHOLESALE CORP", 868.0, 0.22, "NASDAQ", "US22160K1051", _RETAIL),
    Listing(11017, "PEP", "PEPSICO INC", 171.0, 0.18, "NASDAQ", "US7134481081", _STAPLES),
    Listing(265768, "ADBE", "ADOBE INC", 545.0, 0.34, "NASDAQ", "US00724F1012", _SOFTWARE),
    Listing(273544, "QCOM", "QUALCOMM INC", 186.0, 0.38, "NASDAQ", "US7475251036", _CHIPS),
    Listing(274105, "SBUX", "STARBUCKS CORP", 92.0, 0.30, "NASDAQ", "US8552441094", _RETAIL),
    Listing(8314, "IBM", "INTL BUSINESS MACHINES CORP", 196.0, 0.22, "NYSE", "US4592001014", _SOFTWARE),
    Listing(8894, "KO", "COCA-COLA CO/THE", 66.0, 0.15, "NYSE", "US1912161007", _STAPLES),
    Listing(13977, "XOM", "EXXON MOBIL CORP", 116.0, 0.26, "NYSE", "US30231G1022", _OIL),
    Listing(5684, "CVX", "CHEVRON CORP", 156.0, 0.25, "NYSE", "US1667641005", _OIL),
    Listing(8719, "JNJ", "JOHNSON & JOHNSON", 158.0, 0.17, "NYSE", "US4781601046", _HEALTH),
    Listing(11763, "PG", "PROCTER & GAMBLE CO/THE", 168.0, 0.16, "NYSE", "US7427181091", _STAPLES),
    Listing(13824, "WMT", "WALMART INC", 71.0, 0.20, "NYSE", "US9311421039", _RETAIL),
    Listing(6459, "DIS", "WALT DISNEY CO/THE", 98.0, 0.28, "NYSE", "US2546871060", _MEDIA),
    Listing(10098, "BAC", "BANK OF AMERICA CORP", 42.0, 0.28, "NYSE", "US0605051046", _BANKS),
    Listing(1520593, "JPM", "JPMORGAN CHASE & CO", 208.0, 0.24, "NYSE", "US46625H1005", _BANKS),
    Listing(4627828, "GS", "GOLDMAN SACHS GROUP INC", 492.0, 0.28, "NYSE", "US38141G1040", _BANKS),
    Listing(49462172, "V", "VISA INC-CLASS A SHARES", 268.0, 0.20, "NYSE", "US92826C8394", _PAYMENTS),
    Listing(38685693, "MA", "MASTERCARD INC - A", 448.0, 0.21, "NYSE", "US57636Q1040", _PAYMENTS),
    Listing(7930, "HD", "HOME DEPOT INC", 356.0, 0.24, "NYSE", "US4370761029", _RETAIL),
    Listing(9408, "MCD", "MCDONALD'S CORP", 258.0, 0.18, "NYSE", "US5801351017", _RETAIL),
    Listing(10291, "NKE", "NIKE INC -CL B", 76.0, 0.32, "NYSE", "US6541061031", _RETAIL),
    Listing(4762, "BA", "BOEING CO/THE", 182.0, 0.36, "NYSE", "US0970231058", _INDUSTRY),
    Listing(5437, "CAT", "CATERPILLAR INC", 342.0, 0.28, "NYSE", "US1491231015", _INDUSTRY),
    Listing(11031, "PFE", "PFIZER INC", 29.0, 0.26, "NYSE", "US7170811035", _HEALTH),
    Listing(37018770, "T", "AT&T INC", 19.0, 0.22, "NYSE", "US00206R1023", _TELECOM),
    Listing(4901, "VZ", "VERIZON COMMUNICATIONS INC", 41.0, 0.21, "NYSE", "US92343V1044", _TELECOM),
    Listing(13272, "UNH", "UNITEDHEALTH GROUP INC", 506.0, 0.25, "NYSE", "US91324P1021", _HEALTH),
    Listing(756733, "SPY", "SPDR S&P 500 ETF TRUST", 560.0, 0.16, "ARCA", "US78462F1030", _FUNDS, kind="ETF"),
    Listing(320227571, "QQQ", "INVESCO QQQ TRUST SERIES 1", 478.0, 0.21, "NASDAQ", "US46090E1038", _FUNDS, kind="ETF"),
    Listing(9579970, "IWM", "ISHARES RUSSELL 2000 ETF", 218.0, 0.22, "ARCA", "US4642876555", _FUNDS, kind="ETF"),
    Listing(73128548, "DIA", "SPDR DJIA TRUST", 408.0, 0.15, "ARCA", "US78467X1090", _FUNDS, kind="ETF"),
    Listing(51529211, "GLD", "SPDR GOLD SHARES", 232.0, 0.14, "ARCA", "US78463V1070", _FUNDS, kind="ETF"),
    Listing(15547841, "TLT", "ISHARES 20+ YEAR TREASURY BD", 94.0, 0.15, "NASDAQ", "US4642874329", _FUNDS, kind="ETF"),
    Listing(4215220, "XLF", "FINANCIAL SELECT SECTOR SPDR", 43.0, 0.18, "ARCA", "US81369Y6059", _FUNDS, kind="ETF"),
    Listing(38708077, "AAPL", "APPLE INC", 4140.0, 0.28, "MEXI", "US0378331005", _COMPUTERS, "MXN"),
    Listing(38708990, "MSFT", "MICROSOFT CORP", 8350.0, 0.25, "MEXI", "US5949181045", _SOFTWARE, "MXN"),
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

CURRENCY_NAMES = {
    "EUR": "European Monetary Union Euro",
    "GBP": "British pound",
    "AUD": "Australian dollar",
    "NZD": "New Zealand Dollar",
    "USD": "United States dollar",
}

INDICES = (
    Index(416904, "SPX", "S&P 500 Stock Index", "CBOE", 5600.0, 0.16),
    Index(416843, "NDX", "NASDAQ 100 Stock Index", "NASDAQ", 19600.0, 0.21),
    Index(13455763, "VIX", "CBOE Volatility Index", "CBOE", 16.0, 0.9),
)

COINS = (
    Coin(479624278, "BTC", "Bitcoin cryptocurrency", 68000.0, 0.6, "0.25", 3084),
    Coin(495759171, "ETH", "Ethereum cryptocurrency", 2600.0, 0.7, "0.05", 3085),
)
