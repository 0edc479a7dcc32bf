"""Facts about places: states and provinces with their zones, area codes, postcodes. Pure data.

Sources, all public facts, written down in November 2026: area codes by the North American
Numbering Plan Administrator (nanpa.com, «area codes by state»); the first three digits of ZIP codes
by the US Postal Service (Postal Bulletin, labelling list L002); the first letter of Canadian
postcodes by Canada Post; zones by the IANA time zone database. Which zones an area code reaches
into comes from `phonenumbers` at run time (`places`). Where a postcode's zone is not certain, it
has all zones of its state, so that the stricter of them holds.
"""

from __future__ import annotations

import functools

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"

_ZONE_LETTERS = {"E": EASTERN, "C": CENTRAL, "M": MOUNTAIN, "P": PACIFIC}

# code: (name, zones, area codes, first three digits of ZIP codes). A letter is one of the four
# large zones of the US; others are written out.
_STATES: dict[str, tuple[str, str, str, str]] = {
    "AK": ("Alaska", "America/Anchorage America/Adak", "907", "995-999"),
    "AL": ("Alabama", "C", "205 251 256 334 659 938", "350-352 354-369"),
    "AR": ("Arkansas", "C", "327 479 501 870", "716-729"),
    "AZ": ("Arizona", "America/Phoenix M", "480 520 602 623 928", "850-865"),
    "CA": (
        "California",
        "P",
        (
            "209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 "
            "657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951"
        ),
        "900-961",
    ),
    "CO": ("Colorado", "M", "303 719 720 748 970 983", "800-816"),
    "CT": ("Connecticut", "E", "203 475 860 959", "060-069"),
    "DC": ("District of Columbia", "E", "202 771", "200 202-205 569"),
    "DE": ("Delaware", "E", "302", "197-199"),
    "FL": (
        "Florida",
        "E C",
        (
            "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 "
            "941 954"
        ),
        "320-339 341 342 344 346 347 349",
    ),
    "GA": ("Georgia", "E", "229 404 470 478 678 706 762 770 912 943", "300-319 398 399"),
    "HI": ("Hawaii", "Pacific/Honolulu", "808", "967 968"),
    "IA": ("Iowa", "C", "319 515 563 641 712", "500-528"),
    "ID": ("Idaho", "M P", "208 986", "832-838"),
    "IL": (
        "Illinois",
        "C",
        "217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872",
        "600-629",
    ),
    "IN": ("Indiana", "E C", "219 260 317 463 574 765 812 930", "460-479"),
    "KS": ("Kansas", "C M", "316 620 785 913", "660-679"),
    "KY": ("Kentucky", "E C", "270 364 502 606 859", "400-427"),
    "LA": ("Louisiana", "C", "225 318 337 457 504 985", "700-714"),
    "MA": ("Massachusetts", "E", "339 351 413 508 617 774 781 857 978", "010-027 055"),
    "MD": ("Maryland", "E", "227 240 301 410 443 667", "206-212 214-219"),
    "ME": ("Maine", "E", "207", "039-049"),
    "MI": ("Michigan", "E C", "231 248 269 313 517 586 616 679 734 810 906 947 989", "480-499"),
    "MN": ("Minnesota", "C", "218 320 507 612 651 763 924 952", "550-567"),
    "MO": ("Missouri", "C", "235 314 417 557 573 636 660 816 975", "630-658"),
    "MS": ("Mississippi", "C", "228 471 601 662 769", "386-397"),
    "MT": ("Montana", "M", "406", "590-599"),
    "NC": ("North Carolina", "E", "252 336 472 704 743 828 910 919 980 984", "270-289"),
    "ND": ("North Dakota", "C M", "701", "580-588"),
    "NE": ("Nebraska", "C M", "308 402 531", "680-693"),
    "NH": ("New Hampshire", "E", "603", "030-038"),
    "NJ": ("New Jersey", "E", "201 551 609 640 732 848 856 862 908 973", "070-089"),
    "NM": ("New Mexico", "M", "505 575", "870-884"),
    "NV": ("Nevada", "P M", "702 725 775", "889-898"),
    "NY": (
        "New York",
        "E",
        (
            "212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 "
            "929 934"
        ),
        "005 100-149",
    ),
    "OH": ("Ohio", "E", "216 220 234 283 326 330 380 419 436 440 513 567 614 740 937", "430-459"),
    "OK": ("Oklahoma", "C", "405 539 572 580 918", "730-732 734-749"),
    "OR": ("Oregon", "P M", "458 503 541 971", "970-979"),
    "PA": (
        "Pennsylvania",
        "E",
        "215 223 267 272 412 445 484 570 582 610 717 724 814 835 878",
        "150-196",
    ),
    "RI": ("Rhode Island", "E", "401", "028 029"),
    "SC": ("South Carolina", "E", "803 821 839 843 854 864", "290-299"),
    "SD": ("South Dakota", "C M", "605", "570-577"),
    "TN": ("Tennessee", "E C", "423 615 629 731 865 901 931", "370-385"),
    "TX": (
        "Texas",
        "C M",
        (
            "210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 "
            "903 915 936 940 945 956 972 979"
        ),
        "733 750-799 885",
    ),
    "UT": ("Utah", "M", "385 435 801", "840-847"),
    "VA": ("Virginia", "E", "276 434 540 571 686 703 757 804 826 948", "201 220-246"),
    "VT": ("Vermont", "E", "802", "050-054 056-059"),
    "WA": ("Washington", "P", "206 253 360 425 509 564", "980-994"),
    "WI": ("Wisconsin", "C", "262 274 353 414 534 608 715 920", "530-549"),
    "WV": ("West Virginia", "E", "304 681", "247-268"),
    "WY": ("Wyoming", "M", "307", "820-831"),
    "AS": ("American Samoa", "Pacific/Pago_Pago", "684", ""),
    "GU": ("Guam", "Pacific/Guam", "671", "969"),
    "MP": ("Northern Mariana Islands", "Pacific/Saipan", "670", ""),
    "PR": ("Puerto Rico", "America/Puerto_Rico", "787 939", "006 007 009"),
    "VI": ("US Virgin Islands", "America/St_Thomas", "340", "008"),
}
TERRITORIES = ("US-AS", "US-GU", "US-MP", "US-PR", "US-VI")

# The same for Canada; the last field holds the first letters of postcodes.
_ATLANTIC, _TORONTO = "America/Halifax", "America/Toronto"
_WINNIPEG, _EDMONTON = "America/Winnipeg", "America/Edmonton"
_PROVINCES: dict[str, tuple[str, str, str, str]] = {
    "AB": ("Alberta", _EDMONTON, "368 403 587 780 825", "T"),
    "BC": (
        "British Columbia",
        f"America/Vancouver America/Fort_Nelson {_EDMONTON}",
        "236 250 257 604 672 778",
        "V",
    ),
    "MB": ("Manitoba", _WINNIPEG, "204 431 584", "R"),
    "NB": ("New Brunswick", _ATLANTIC, "428 506", "E"),
    "NL": ("Newfoundland and Labrador", f"America/St_Johns {_ATLANTIC}", "709 879", "A"),
    "NS": ("Nova Scotia", _ATLANTIC, "782 902", "B"),
    "NT": ("Northwest Territories", _EDMONTON, "867", "X"),
    "NU": ("Nunavut", f"{_TORONTO} {_WINNIPEG} {_EDMONTON}", "867", "X"),
    "ON": (
        "Ontario",
        f"{_TORONTO} {_WINNIPEG}",
        "226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 807 905 942",
        "KLMNP",
    ),
    "PE": ("Prince Edward Island", _ATLANTIC, "782 902", "C"),
    "QC": (
        "Quebec",
        f"{_TORONTO} {_ATLANTIC}",
        "263 354 367 418 438 450 468 514 579 581 819 873",
        "GHJ",
    ),
    "SK": ("Saskatchewan", f"America/Regina {_EDMONTON}", "306 474 639", "S"),
    "YT": ("Yukon", "America/Whitehorse", "867", "Y"),
}

# The other countries of the numbering plan.
_OTHERS = {
    "AG": "268", "AI": "264", "BB": "246", "BM": "441", "BS": "242", "DM": "767",
    "DO": "809 829 849", "GD": "473", "JM": "658 876", "KN": "869", "KY": "345", "LC": "758",
    "MS": "664", "SX": "721", "TC": "649", "TT": "868", "VC": "784", "VG": "284",
}  # fmt: skip

# Newer area codes that lie over an older one: the same towns, and so the same zones. Of these
# `phonenumbers` knows no ranges, or names the zone of another part of the state. Source: overlays
# as the North American Numbering Plan Administrator lists them.
LIES_OVER = {
    **dict.fromkeys(("236", "257", "672", "778"), "250"),
    **dict.fromkeys(("367", "581"), "418"),
    "364": "270",
    "448": "850",
    "458": "541",
    "689": "407",
    "930": "812",
}

# Postcodes in split states whose zone is certain; the others keep all zones of their state. Not
# certain because of a few towns: 377 (Crab Orchard, Tennessee, is on Central time), 401
# (Breckinridge County, Kentucky), 798 (Marfa and Alpine, Texas).
_CERTAIN_ZIPS = {
    "E": "320-323 326-339 341 342 344 346 347 349 374 376 379 400 402-418 "
    "460-462 467-469 472-474 478 480-497",
    "C": "325 370-372 375 380-384 420-424 463 464 476 477 570-574 580-584 660-676 680-689 "
    "733 750-796",
    "M": "577 586 693 799 885 832-834 836 837",
    "P": "838 889-897 970-978",
    "America/Phoenix": "850-859 863 864",
}


@functools.cache
def region_names() -> dict[str, str]:
    """Return region → name of every state and province."""
    return {f"US-{code}": row[0] for code, row in _STATES.items()} | {
        f"CA-{code}": row[0] for code, row in _PROVINCES.items()
    }


@functools.cache
def region_zones() -> dict[str, tuple[str, ...]]:
    """Return region → its zones."""
    states = {f"US-{code}": _zones(row[1]) for code, row in _STATES.items()}
    return states | {f"CA-{code}": _zones(row[1]) for code, row in _PROVINCES.items()}


@functools.cache
def area_codes() -> dict[str, tuple[str, ...]]:
    """Return area code → the regions that it may belong to."""
    found: dict[str, tuple[str, ...]] = {}
    rows = [(f"US-{code}", row[2]) for code, row in _STATES.items()]
    rows += [(f"CA-{code}", row[2]) for code, row in _PROVINCES.items()]
    for region, codes in rows + list(_OTHERS.items()):
        for code in codes.split():
            found[code] = (*found.get(code, ()), region)
    return found


@functools.cache
def postcodes() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the beginning of a postcode ("331", "M") → (region, zones) of each that it may be."""
    certain = {zip3: letter for letter, zips in _CERTAIN_ZIPS.items() for zip3 in _each(zips)}
    found: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for code, row in _STATES.items():
        for zip3 in _each(row[3]):
            found[zip3] = ((f"US-{code}", _zones(certain.get(zip3, row[1]))),)
    for code, row in _PROVINCES.items():
        for letter in row[3]:
            found[letter] = (*found.get(letter, ()), (f"CA-{code}", _zones(row[1])))
    return found


def _zones(words: str) -> tuple[str, ...]:
    return tuple(_ZONE_LETTERS.get(word, word) for word in words.split())


def _each(ranges: str) -> list[str]:
    """Return "005 100-102" as ["005", "100", "101", "102"]."""
    found: list[str] = []
    for each in ranges.split():
        first, _, last = each.partition("-")
        found += [f"{number:03}" for number in range(int(first), int(last or first) + 1)]
    return found
