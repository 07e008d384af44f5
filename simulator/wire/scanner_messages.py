"""Messages about market scans: parameters (19) and data (20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from simulator.market.universe import Instrument
from simulator.wire.fields import escaped, message


def scanner_data(request_id: int, found: Sequence[Instrument]) -> bytes:
    """Message 20: what was found, best first."""
    fields: list[object] = []
    for rank, item in enumerate(found):
        fields += [rank, item.con_id, item.symbol, item.sec_type, item.expiry, f"{item.strike:f}", item.right]
        fields += [item.exchange, item.currency, item.local_symbol, item.trading_class, item.trading_class]
        fields += ["", "", "", ""]  # distance, benchmark, projection, legs
    return message(20, 3, request_id, len(found), *fields)


def parameters(locations: Iterable[tuple[str, str]], scans: Iterable[tuple[str, str]], filters: Iterable[str]) -> bytes:
    """Message 19: an XML document in the form of TWS' own, with what can be scanned for here."""
    root = ET.Element("ScanParameterResponse")
    instrument = ET.SubElement(ET.SubElement(root, "InstrumentList"), "Instrument")
    _leaves(instrument, name="US Stocks", type="STK", filters=",".join(filters), secType="STK")
    tree = ET.SubElement(ET.SubElement(root, "LocationTree"), "Location")
    _leaves(tree, displayName="US Stocks", locationCode="STK.US", instruments="STK")
    branches = ET.SubElement(tree, "LocationTree")
    for code, name in locations:
        _leaves(ET.SubElement(branches, "Location"), displayName=name, locationCode=code, instruments="STK")
    kinds = ET.SubElement(root, "ScanTypeList")
    for code, name in scans:
        _leaves(ET.SubElement(kinds, "ScanType"), displayName=name, scanCode=code, instruments="STK")
    document = ET.tostring(root, encoding="unicode")
    return message(19, 1, escaped(f'<?xml version="1.0" encoding="UTF-8"?>{document}'))


def _leaves(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text
