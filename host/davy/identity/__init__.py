"""Who a unit is: the maker's CA, the record each unit is given, and the label on its case.

A unit's record is its NVS partition (settings, calibration, certificate, key, secret): firmware/unit.py reads it. The private key
and the secret are in it and nowhere else; everything else about a unit is public and stands in its unit.json.
"""

from davy.identity.ca import Ca, create_ca
from davy.identity.identifier import DEFAULT_PREFIX, checked_identifier, make_identifier
from davy.identity.issue import issue_peer
from davy.identity.label import write_label
from davy.identity.proof import expected_proof
from davy.identity.public import load_public
from davy.identity.settings_file import load_unit_settings
from davy.identity.unit import Unit, provision, write_unit

__all__ = [
    "DEFAULT_PREFIX",
    "Ca",
    "Unit",
    "checked_identifier",
    "create_ca",
    "expected_proof",
    "issue_peer",
    "load_public",
    "load_unit_settings",
    "make_identifier",
    "provision",
    "write_label",
    "write_unit",
]
