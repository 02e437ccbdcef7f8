"""Made-up companies, people and places; addresses and phone numbers come from ranges kept free for fiction.

Source: RFC 2606 (example domains); NANPA 555-0100 to 555-0199; Ofcom, BNetzA, ARCEP, PTS and ACMA numbers for drama.
"""

from dataclasses import dataclass
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMPANY_FIRST = _words(
    """
    Amber Arbor Aspen Azure Beacon Birch Blue Bramble Bright Brook Cedar Cinder Clear Cobalt Copper Coral Crest
    Crimson Dawn Delta Drift Echo Elder Ember Fair Falcon Fern Field Flint Fox Frost Garnet Glen Gold Granite
    Green Grove Harbor Hazel Heron High Hollow Indigo Iron Ivory Jade Juniper Keel Lark Laurel Lime Linden Lumen
    Lunar Maple Marble Meadow Mint Mist Moss North Oak Ochre Olive Onyx Opal Orchard Osprey Pearl Pine Plum
    Quarry Quill Raven Reed Ridge River Rowan Russet Saffron Sage Silver Slate Solar Spruce Sterling Stone
    Summit Swift Teal Thistle Timber Topaz Vale Velvet Violet Walnut West Willow Winter Wren
    """
)
COMPANY_SECOND = _words(
    """
    bridge brook craft dale fall field fold forge gate haven hill hold lake land leaf light line loop mark mere
    mill path peak point port quay rise root shore side sky spark spring stead stone stream tide vale view ward
    water way well wharf wind wing wood works yard
    """
)
COMPANY_TRADE = {
    "SaaS": ("Software", "Cloud", "Apps", "Data"),
    "Manufacturing": ("Industries", "Tooling", "Components", "Machines"),
    "Healthcare": ("Health", "Clinics", "Care", "Diagnostics"),
    "Retail": ("Stores", "Outfitters", "Market", "Goods"),
    "Finance": ("Capital", "Partners", "Finance", "Ledger"),
    "Education": ("Academy", "Learning", "Schools", "Institute"),
}
FIRST_NAMES = _words(
    """
    Ada Adil Agnes Akira Alba Amara Amir Anika Anton Arun Astrid Bao Beatriz Boris Carla Cem Chloe Dario Deepa
    Diego Edda Elif Emil Erik Esi Farah Felix Fiona Greta Hana Haruto Hugo Ida Ines Ingrid Ivan Jamal Jana Jonas
    Julia Kai Karim Kofi Lars Layla Leo Liam Lin Lucia Mads Maja Mara Marco Mei Mina Nadia Naomi Nils Noor Olga
    Omar Pablo Petra Priya Quinn Rafael Rania Rosa Ruth Samir Sanna Selma Silas Sofia Tariq Tessa Theo Tomas Uma
    Vera Viktor Wanda Yara Yuki Zara Zoe
    """
)
LAST_NAMES = _words(
    """
    Abara Alm Andrade Arai Baker Balogun Bauer Berg Bianchi Braun Castro Chen Costa Dahl Diaz Doyle Eriksen Faro
    Fischer Garcia Gomes Gupta Haas Hansen Hassan Holt Ito Ivanov Jensen Kaya Keller Khan Klein Kowal Lang
    Larsen Lopez Marsh Mbeki Mehta Moreau Moreno Mori Nagy Nair Nielsen Novo Okafor Olsen Ortiz Park Patel Perez
    Petit Popov Quist Rahman Reis Richter Rossi Roux Sato Schmid Silva Singh Solberg Stein Sund Takeda Torres
    Tran Varga Vega Weber Wood Yamada Yilmaz Zhou Zimmer
    """
)
TITLES_BY_DEPARTMENT = {
    "Engineering": ("CTO", "VP Engineering", "Head of Platform", "Engineering Manager"),
    "Finance": ("CFO", "Finance Director", "Controller", "Head of Procurement"),
    "Operations": ("COO", "Head of Operations", "Operations Manager", "Office Manager"),
    "Marketing": ("CMO", "Head of Growth", "Marketing Manager", "Content Lead"),
    "Executive": ("CEO", "Founder", "Managing Director", "Chief of Staff"),
}
PERSONAS = ("Champion", "Decision maker", "Economic buyer", "Gatekeeper", "End user")
STREETS = ("Mill Lane", "Station Road", "Harbour Street", "Garden Avenue", "Market Square", "Foundry Row", "River Walk")
SOURCES = ("Website", "Referral", "Trade fair", "Cold call", "Partner", "Webinar", "Advertisement")
COMPETITORS = ("Pipefront", "Leadwell", "Dealhaven", "Salestide", "Spreadsheets")
SUBJECTS = ("Quick question", "Next steps", "Your trial", "Offer attached", "Checking in", "Minutes of our call")
NOTES = (
    "Asked for a security questionnaire.",
    "Budget is decided in the next quarter.",
    "Wants to see the reporting module.",
    "Happy with support, unhappy with the price.",
    "Evaluating two other tools.",
    "Reachable in the mornings only.",
)
TASKS = ("Send the offer", "Call back", "Prepare the renewal", "Check the invoice", "Introduce the new owner")


@dataclass(frozen=True)
class Place:
    """A city with country, sales region, postcode and, if it has one, fictional phone range (`#` is a digit)."""

    city: str
    state: str | None
    country: str
    region: str
    zipcode: str
    phone: str | None


PLACES = (
    Place("Berlin", "Berlin", "DE", "EMEA", "10###", "+4930231250##"),
    Place("Hamburg", "Hamburg", "DE", "EMEA", "20###", "+4940669690##"),
    Place("London", None, "GB", "EMEA", "EC1A #AA", "+442079460###"),
    Place("Leeds", None, "GB", "EMEA", "LS1 #AB", "+441134960###"),
    Place("Paris", None, "FR", "EMEA", "750##", "+331990000##"),
    Place("Lyon", None, "FR", "EMEA", "690##", "+334657100##"),
    Place("Stockholm", None, "SE", "EMEA", "11# ##", "+468465004##"),
    Place("Austin", "TX", "US", "AMER", "787##", "+151255501##"),
    Place("Boston", "MA", "US", "AMER", "021##", "+161755501##"),
    Place("Denver", "CO", "US", "AMER", "802##", "+130355501##"),
    Place("Seattle", "WA", "US", "AMER", "981##", "+120655501##"),
    Place("Toronto", "ON", "CA", "AMER", "M5# #A#", "+141655501##"),
    Place("Sydney", "NSW", "AU", "APAC", "20##", "+6125550####"),
    Place("Melbourne", "VIC", "AU", "APAC", "30##", "+6135550####"),
    Place("Singapore", None, "SG", "APAC", "04####", None),
)
PLACE_WEIGHTS = (9, 5, 10, 4, 7, 4, 5, 7, 7, 5, 8, 6, 6, 4, 5)


def fill_digits(pattern: str, random: Random) -> str:
    """Put a digit for every `#` of a pattern."""
    n_digits = pattern.count("#")
    digits = iter(f"{random.randrange(10**n_digits):0{n_digits}d}") if n_digits else iter("")
    return "".join(next(digits) if sign == "#" else sign for sign in pattern)
