"""Which tables hold the leads and what hangs off them."""

LEAD_TABLES = """
CREATE TABLE lead (
    id TEXT NOT NULL PRIMARY KEY,         -- lead_
    name TEXT,
    display_name TEXT GENERATED ALWAYS AS (coalesce(nullif(trim(name), ''), 'Untitled')) VIRTUAL,
    description TEXT,
    url TEXT,
    status_id TEXT NOT NULL REFERENCES lead_status (id),
    created_by TEXT,                      -- user_ or null
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL,
    last_communication_date TEXT,         -- kept by triggers on activity; null = never
    last_lead_status_change_date TEXT     -- kept by a trigger on status_id; null = never changed
) STRICT;

CREATE TABLE address (
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    label TEXT NOT NULL DEFAULT 'business',
    address_1 TEXT,
    address_2 TEXT,
    city TEXT,
    state TEXT,
    zipcode TEXT,
    country TEXT,                         -- ISO 3166 alpha-2
    PRIMARY KEY (lead_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,         -- cont_
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,            -- order within the lead, from 0: "first contact" is the least
    name TEXT,
    title TEXT,
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE contact_email (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,            -- from 0: "first address" is the least
    email TEXT NOT NULL,                  -- lower case
    type TEXT NOT NULL DEFAULT 'office',
    PRIMARY KEY (contact_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_phone (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    phone TEXT NOT NULL,                  -- E.164
    type TEXT NOT NULL DEFAULT 'office',
    PRIMARY KEY (contact_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_url (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    type TEXT NOT NULL DEFAULT 'url',
    PRIMARY KEY (contact_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunity (
    id TEXT NOT NULL PRIMARY KEY,         -- oppo_
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    contact_id TEXT,
    user_id TEXT,
    status_id TEXT NOT NULL REFERENCES opportunity_status (id),  -- label, type and pipeline: join opportunity_status
    note TEXT,
    value INTEGER,                        -- in the smallest unit of the currency (cents)
    value_currency TEXT,                  -- ISO 4217
    value_period TEXT,                    -- one_time, monthly, annual
    confidence INTEGER,                   -- percent
    expected_date TEXT,                   -- date
    date_won TEXT,                        -- date
    date_lost TEXT,                       -- date
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE opportunity_status_period (  -- kept by triggers: the half-open spans an opportunity spent in a status
    opportunity_id TEXT NOT NULL REFERENCES opportunity (id) ON DELETE CASCADE,
    started_at TEXT NOT NULL,
    status_id TEXT NOT NULL,
    ended_at TEXT                         -- null: still in it
) STRICT;

CREATE TABLE activity (
    id TEXT NOT NULL PRIMARY KEY,         -- acti_
    kind TEXT NOT NULL CHECK (kind IN ('email', 'call', 'note', 'meeting', 'sms', 'lead_status_change',
                                       'opportunity_status_change', 'custom_activity')),
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    contact_id TEXT,
    user_id TEXT,
    activity_at TEXT NOT NULL,            -- when it took place (a meeting: when it starts); an email's field `date`
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL,
    direction TEXT,                       -- email: incoming, outgoing; call, sms: inbound, outbound
    status TEXT,                          -- email: inbox, draft, scheduled, outbox, sent, error;
                                          -- call: completed, no-answer ...;
                                          -- meeting: upcoming, in-progress, completed, canceled; sms: inbox, sent ...
    note TEXT,                            -- note, call, meeting: text; sms: its text
    note_html TEXT,                       -- note, call: as sent; null where plain text was sent
    created_by TEXT,                      -- null: answered as user_id
    updated_by TEXT,
    -- email only
    date_sent TEXT,                       -- null until sent
    has_reply INTEGER NOT NULL DEFAULT 0,
    subject TEXT,
    sender TEXT,                          -- "Name <address>"
    to_addresses TEXT,                    -- JSON list of addresses, answered as `to`
    template_id TEXT,
    bulk_email_action_id TEXT,            -- bulkemail_ of the bulk action that made it
    sequence_subscription_id TEXT,
    body_text TEXT,
    body_html TEXT,
    email_account_id TEXT,
    -- call only
    phone TEXT,                           -- as sent
    recording_url TEXT,
    -- call, meeting
    duration INTEGER,                     -- seconds
    -- *_status_change
    opportunity_id TEXT,                  -- opportunity_status_change only
    old_status_id TEXT,
    new_status_id TEXT,
    -- custom_activity
    custom_activity_type_id TEXT,
    communicated_at TEXT GENERATED ALWAYS AS (  -- not null where the row counts as a communication
        CASE
            WHEN kind = 'email' AND status IN ('sent', 'inbox') THEN coalesce(date_sent, activity_at)
            WHEN kind IN ('call', 'sms') THEN activity_at
            WHEN kind = 'meeting' AND status = 'completed' THEN activity_at
        END
    ) VIRTUAL
) STRICT;

CREATE TABLE task (                       -- open tasks are is_complete = 0; GET /lead/ lists only those
    id TEXT NOT NULL PRIMARY KEY,         -- task_
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    contact_id TEXT,
    assigned_to TEXT,                     -- user_
    text TEXT NOT NULL,
    date TEXT,                            -- due date
    is_complete INTEGER NOT NULL DEFAULT 0,
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE custom_object (              -- never seeded; here so that queries about custom objects can be answered
    id TEXT NOT NULL PRIMARY KEY,
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    custom_object_type_id TEXT NOT NULL,
    name TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE custom_value (               -- one row per value; exactly one of the three value columns is set
    object_id TEXT NOT NULL,              -- of a lead, contact or opportunity
    custom_field_id TEXT NOT NULL,
    position INTEGER NOT NULL,            -- order within a multi-value field, from 0; always 0 for a single value
    text_value TEXT,                      -- text, hidden, choices, user, contact
    number_value REAL,                    -- number
    moment_value TEXT,                    -- datetime: timestamp; date: YYYY-MM-DD
    PRIMARY KEY (object_id, custom_field_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE sequence_subscription (
    id TEXT NOT NULL PRIMARY KEY,         -- sub_
    sequence_id TEXT NOT NULL REFERENCES sequence (id),
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    lead_id TEXT NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
    contact_email TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'finished', 'goal', 'error')),
    status_reason TEXT,                   -- manual, bulk-action, reply-received, ...
    start_date TEXT,                      -- timestamp
    sender_account_id TEXT,
    sender_email TEXT,
    sender_name TEXT,
    calls_assigned_to TEXT,               -- JSON list of user ids or null
    bulk_action_id TEXT,                  -- bulkseqsub_ of the bulk action that last changed it
    created_by TEXT,                      -- answered as created_by_id
    updated_by TEXT,                      -- answered as updated_by_id
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;
"""
