"""Which tables hold what a world hands to the outside: exports, webhook subscriptions and what waits for them."""

OUTSIDE_TABLES = """
CREATE TABLE export (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of acceptance; list newest first by it
    id TEXT NOT NULL UNIQUE,              -- expo_
    status TEXT NOT NULL CHECK (status IN ('created', 'started', 'in_progress', 'done', 'error')),
    type TEXT NOT NULL CHECK (type IN ('leads', 'contacts', 'lead_opps')),
    format TEXT NOT NULL CHECK (format IN ('csv', 'json')),
    date_format TEXT NOT NULL CHECK (date_format IN ('original', 'iso8601', 'excel')),
    s_query TEXT,                         -- JSON node as sent; null takes every lead
    sort TEXT NOT NULL DEFAULT '[]',      -- JSON list
    results_limit INTEGER,
    fields TEXT,                          -- JSON list of names; null takes the usual ones
    include_activities INTEGER NOT NULL DEFAULT 0,
    include_smart_fields INTEGER NOT NULL DEFAULT 0,
    send_done_email INTEGER NOT NULL DEFAULT 1,
    tz_offset REAL NOT NULL DEFAULT 0,    -- hours, from x-tz-offset of the request
    n_docs INTEGER,                       -- rows of a csv file, objects of a json file; null until matched
    n_docs_processed INTEGER NOT NULL DEFAULT 0,
    api_key_id TEXT,
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE export_file (                -- apart from `export`, so that listing never reads a file
    export_id TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL                 -- gzip
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,         -- whsub_
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,                 -- JSON list of {object_type, action, extra_filter?}
    verify_ssl INTEGER NOT NULL DEFAULT 1,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused')),
    pause_reason TEXT,                    -- api, failures, backlog
    signature_key TEXT NOT NULL,          -- 64 hexadecimal digits
    latest_error TEXT,                    -- JSON object or null
    failing_since TEXT,                   -- no delivery has worked since then; null: the last one did
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;

CREATE TABLE webhook_delivery (           -- events that wait for a subscription; a delivered one is gone
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    queued_at TEXT NOT NULL,
    due_at TEXT NOT NULL                  -- not to be tried before; who tries pushes it on, so that nobody else does
) STRICT;
"""

OUTSIDE_INDEXES = """
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (due_at, seq);
CREATE INDEX webhook_delivery_by_webhook ON webhook_delivery (webhook_id, seq);
CREATE INDEX export_by_status ON export (status);
"""

OUTSIDE_TRIGGERS = """
CREATE TRIGGER event_waits_for_webhooks AFTER INSERT ON event
WHEN EXISTS (SELECT 1 FROM webhook WHERE status = 'active')
BEGIN
    INSERT INTO webhook_delivery (webhook_id, event_id, queued_at, due_at)
    SELECT DISTINCT w.id, new.id, new.date_created, new.date_updated
    FROM webhook AS w JOIN json_each(w.events) AS wanted
    WHERE w.status = 'active' AND json_extract(wanted.value, '$.object_type') = new.object_type
        AND json_extract(wanted.value, '$.action') = new.action;
END;
"""
