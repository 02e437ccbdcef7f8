"""Which tables hold the organization's own things: users, statuses, fields, templates, sequences, views."""

CATALOG_TABLES = """
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,        -- one of META_KEYS; other keys are free for later use
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    id TEXT NOT NULL PRIMARY KEY,         -- user_
    position INTEGER NOT NULL,            -- order of listing, from 0
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    image TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE membership (
    id TEXT NOT NULL PRIMARY KEY,         -- memb_
    user_id TEXT NOT NULL REFERENCES user (id),
    role_id TEXT NOT NULL,                -- bare word of a built-in role: admin, user, ...
    permissions_granted TEXT NOT NULL,    -- JSON list of names: bulk_edit, export, ...
    is_active INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE lead_status (
    id TEXT NOT NULL PRIMARY KEY,         -- stat_
    position INTEGER NOT NULL,            -- the first one is the default of a new lead
    label TEXT NOT NULL
) STRICT;

CREATE TABLE pipeline (
    id TEXT NOT NULL PRIMARY KEY,         -- pipe_
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE opportunity_status (
    id TEXT NOT NULL PRIMARY KEY,         -- stat_ (same prefix as lead statuses, another table)
    pipeline_id TEXT NOT NULL REFERENCES pipeline (id),
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('active', 'won', 'lost'))
) STRICT;

CREATE TABLE custom_field (
    id TEXT NOT NULL PRIMARY KEY,         -- cf_
    position INTEGER NOT NULL,            -- order within the schema of an object type
    name TEXT NOT NULL,                   -- not promised to be unique
    description TEXT,
    type TEXT NOT NULL CHECK (type IN ('text', 'number', 'date', 'datetime', 'choices', 'user', 'contact',
                                       'custom_object', 'textarea', 'hidden')),
    choices TEXT,                         -- JSON list of text, null unless type is choices
    accepts_multiple_values INTEGER NOT NULL DEFAULT 0,
    is_shared INTEGER NOT NULL DEFAULT 0, -- listed under /custom_field/shared/ instead of its object type
    editable_with_roles TEXT NOT NULL DEFAULT '[]',  -- JSON list of role ids
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE custom_field_object (        -- who carries a field: one row if own, several if shared
    custom_field_id TEXT NOT NULL REFERENCES custom_field (id) ON DELETE CASCADE,
    object_type TEXT NOT NULL CHECK (object_type IN ('lead', 'contact', 'opportunity')),
    PRIMARY KEY (custom_field_id, object_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE email_template (
    id TEXT NOT NULL PRIMARY KEY,         -- tmpl_
    position INTEGER NOT NULL,
    name TEXT NOT NULL,                   -- not unique
    subject TEXT,
    body TEXT,                            -- HTML with {{ }} placeholders
    is_archived INTEGER NOT NULL DEFAULT 0,
    is_shared INTEGER NOT NULL DEFAULT 1,
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE sequence (
    id TEXT NOT NULL PRIMARY KEY,         -- seq_
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'draft')),
    timezone TEXT,
    schedule TEXT,                        -- JSON object or null
    steps TEXT NOT NULL,                  -- JSON list of {id, step_type, delay (s), email_template_id, ...}
    created_by TEXT,                      -- answered as created_by_id
    updated_by TEXT,                      -- answered as updated_by_id
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE connected_account (
    id TEXT NOT NULL PRIMARY KEY,         -- emailacct_
    position INTEGER NOT NULL,
    type TEXT NOT NULL,                   -- answered as _type: google, custom_email, ...
    email TEXT,
    identities TEXT NOT NULL,             -- JSON list of {name, email}
    user_id TEXT NOT NULL REFERENCES user (id),
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE phone_number (
    id TEXT NOT NULL PRIMARY KEY,         -- phon_
    position INTEGER NOT NULL,
    number TEXT NOT NULL,                 -- E.164
    number_formatted TEXT NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('internal', 'external', 'virtual')),
    is_group_number INTEGER NOT NULL DEFAULT 0,
    user_id TEXT,                         -- null for a group number
    country TEXT,                         -- two letters
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE smart_view (
    id TEXT NOT NULL PRIMARY KEY,         -- save_
    position INTEGER NOT NULL,            -- order of listing; a new one takes max(position) + 1
    name TEXT NOT NULL,                   -- not unique
    type TEXT NOT NULL,                   -- lead, contact, ...
    description TEXT,
    query TEXT,                           -- legacy text search; null when s_query is set
    s_query TEXT,                         -- JSON {"query": node, "results_limit", "sort"}; null when query is set
    is_shared INTEGER NOT NULL DEFAULT 1,
    is_user_dependent INTEGER,
    sharing_settings TEXT,                -- JSON object or null
    selected_fields TEXT,                 -- JSON list or null
    user_id TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE unsubscribed_email (         -- the truth about is_unsubscribed of every contact_email
    email TEXT NOT NULL PRIMARY KEY,      -- lower case
    date_created TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
