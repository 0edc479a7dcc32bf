"""A domain as programs are told of it: by the API and by `--json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tapline.links.domain_checks import findings_of, records_of
from tapline.links.domains import advice_for
from tapline.links.models import Domain


def tell(domain: Domain) -> dict[str, Any]:
    """Return all that there is to know: state, records to set, findings of the last check, and
    what speaks against the name."""
    return {
        "id": domain.pk,
        "host": domain.host,
        "base_url": domain.base_url,
        "is_proved": domain.proved_at is not None,
        "proved_by": domain.proved_by or None,
        "proved_at": domain.proved_at,
        "proof_missing_since": domain.proof_missing_since,
        "checked_at": domain.checked_at,
        "records": [asdict(record) for record in records_of(domain)],
        "findings": [finding.as_dict() for finding in findings_of(domain)],
        "warnings": [each.as_dict() for each in advice_for(domain.workspace, domain.host)],
        "brand_name": domain.brand_name,
        "home_url": domain.home_url,
        "fallback_url": domain.fallback_url,
        "robots": domain.robots,
        "code_length": domain.code_length,
    }
