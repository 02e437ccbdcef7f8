"""Which named things every seeded organization has; examples, docs and tests rely on these names.

Names listed twice are meant: Close does not promise that names are unique, and a client has to notice.
"""

from dataclasses import dataclass

ORGANIZATION_NAME = "Northwind Trading (sandbox)"

LEAD_STATUSES = ("Potential", "Contacted", "Qualified", "Customer", "Churned", "Bad Fit")
LEAD_STATUS_WEIGHTS = (45, 20, 10, 15, 7, 3)

PIPELINE = "Sales"
OPPORTUNITY_STATUSES = (("Discovery", "active"), ("Proposal", "active"), ("Won", "won"), ("Lost", "lost"))

USERS = (
    ("Dana", "Reyes"),  # owns the API key, admin
    ("Milan", "Novak"),
    ("Aiko", "Tanaka"),
    ("Femi", "Adeyemi"),
    ("Lena", "Vogel"),
)
PERMISSIONS = ("bulk_delete", "bulk_edit", "bulk_email", "export", "manage_customizations")


@dataclass(frozen=True)
class FieldSeed:
    """A custom field to make: on which objects, of which type, with which choices."""

    name: str
    type: str
    objects: tuple[str, ...] = ("lead",)
    choices: tuple[str, ...] = ()
    accepts_multiple_values: bool = False
    description: str | None = None


CUSTOM_FIELDS = (
    FieldSeed(
        "Industry",
        "choices",
        choices=("SaaS", "Manufacturing", "Healthcare", "Retail", "Finance", "Education"),
        description="What the company lives on",
    ),
    FieldSeed("Region", "choices", choices=("EMEA", "APAC", "AMER")),
    FieldSeed("Plan", "choices", choices=("Free", "Team", "Business", "Enterprise")),
    FieldSeed(
        "Tags",
        "choices",
        choices=("newsletter", "event-2026", "partner", "churn-risk", "win-back", "vip"),
        accepts_multiple_values=True,
    ),
    FieldSeed("Employees", "number"),
    FieldSeed("ARR", "number", description="Annual recurring revenue in USD"),
    FieldSeed("Renewal Date", "date"),
    FieldSeed("Last Login", "datetime"),
    FieldSeed("Account Owner", "user"),
    FieldSeed("Success Team", "user", accepts_multiple_values=True),
    FieldSeed("Do Not Contact", "choices", choices=("Yes", "No"), description="Yes: no mail and no calls"),
    FieldSeed("Source", "text"),
    FieldSeed("Competitor", "text"),
    FieldSeed("External ID", "hidden", description="Key in the billing system"),
    FieldSeed("Main Contact", "contact"),
    FieldSeed("Contract Type", "choices", objects=("lead", "opportunity"), choices=("Monthly", "Annual")),
    FieldSeed(
        "Department",
        "choices",
        objects=("contact",),
        choices=("Engineering", "Finance", "Operations", "Marketing", "Executive"),
    ),
    FieldSeed("Persona", "text", objects=("contact",)),
    FieldSeed("Forecast", "choices", objects=("opportunity",), choices=("Commit", "Best Case", "Pipeline")),
)


@dataclass(frozen=True)
class TemplateSeed:
    """An e-mail template to make."""

    name: str
    subject: str
    body: str
    is_archived: bool = False


_HELLO = "<p>Hi {{ contact.first_name }},</p>"

TEMPLATES = (
    TemplateSeed("Win-back 2026", "We would like you back", f"{_HELLO}<p>A lot is new since you left.</p>"),
    TemplateSeed("Renewal reminder", "Your renewal is coming up", f"{_HELLO}<p>Your contract renews soon.</p>"),
    TemplateSeed("Product news November", "What is new in November", f"{_HELLO}<p>Three things we shipped.</p>"),
    TemplateSeed("Welcome aboard", "Welcome, {{ lead.display_name }}", f"{_HELLO}<p>Good to have you with us.</p>"),
    TemplateSeed("Event invitation", "Join us in Lisbon", f"{_HELLO}<p>We meet in spring, and you are invited.</p>"),
    TemplateSeed("Follow-up", "Following up", f"{_HELLO}<p>Did you find time to look at our offer?</p>"),
    TemplateSeed("Follow-up", "One more thing", f"{_HELLO}<p>One question was left open in our call.</p>"),
    TemplateSeed("Old pricing announcement", "New prices", f"{_HELLO}<p>Our prices change.</p>", is_archived=True),
)


@dataclass(frozen=True)
class SequenceSeed:
    """A sequence to make; steps are (step type, days to wait, template name or none)."""

    name: str
    status: str
    steps: tuple[tuple[str, int, str | None], ...]


SEQUENCES = (
    SequenceSeed("Trial onboarding", "active", (("email", 0, "Welcome aboard"), ("call", 2, None))),
    SequenceSeed(
        "Renewal nurture", "active", (("email", 0, "Renewal reminder"), ("email", 7, "Product news November"))
    ),
    SequenceSeed("Cold outreach", "paused", (("email", 0, "Product news November"), ("call", 3, None))),
    SequenceSeed("Event follow-up", "draft", (("email", 1, "Event invitation"),)),
)

CONNECTED_ACCOUNTS = (  # position in USERS, _type, further identities as (name, email)
    (0, "google", (("Northwind Success", "success@example.com"),)),
    (1, "custom_email", ()),
)

PHONE_NUMBERS = (  # label, number, as people write it, position in USERS or none for a group number
    ("Dana's line", "+12025550143", "+1 202-555-0143", 0),
    ("Sales", "+12025550187", "+1 202-555-0187", None),
)
