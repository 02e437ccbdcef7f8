"""Which tables hold bulk actions, their matched leads and the event log."""

ACTION_TABLES = """
CREATE TABLE bulk_action (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of acceptance; list newest first by it
    id TEXT NOT NULL UNIQUE,              -- bulkedit_, bulkdelete_, bulkemail_, bulkseqsub_
    kind TEXT NOT NULL CHECK (kind IN ('edit', 'delete', 'email', 'sequence_subscription')),
    status TEXT NOT NULL CHECK (status IN ('created', 'loading', 'processing', 'done', 'paused', 'resuming', 'error')),
    body TEXT NOT NULL,                   -- JSON object exactly as sent
    s_query TEXT NOT NULL,                -- JSON node as stored, i.e. as answered
    sort TEXT NOT NULL DEFAULT '[]',      -- JSON list
    results_limit INTEGER,
    send_done_email INTEGER NOT NULL DEFAULT 1,
    n_leads INTEGER,                      -- null until loaded
    n_objects INTEGER,
    n_leads_processed INTEGER NOT NULL DEFAULT 0,
    n_objects_processed INTEGER NOT NULL DEFAULT 0,
    template_id TEXT,                     -- email: for the list's filter
    effect TEXT,                          -- JSON: worked out once from body (field id, values ...)
    tz_offset REAL NOT NULL DEFAULT 0,    -- hours, from x-tz-offset of the request
    api_key_id TEXT,
    request_id TEXT,
    created_by TEXT,
    updated_by TEXT,
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL,
    visible_at TEXT,                      -- null, or not listed and not begun before (late acceptance)
    loading_at TEXT,                      -- when it entered `loading`
    loaded_at TEXT,                       -- when the matched set was fixed
    processing_at TEXT,                   -- start of the current stretch of processing (again after each resume)
    processed_before INTEGER NOT NULL DEFAULT 0,  -- leads done in earlier stretches
    paused_at TEXT,
    paused_from TEXT,                     -- status it was paused in
    finished_at TEXT,
    error TEXT                            -- injected faults only; never answered
) STRICT;

CREATE TABLE bulk_target (                -- the matched set, fixed at `loading`, in the order of processing
    bulk_action_id TEXT NOT NULL,
    position INTEGER NOT NULL,            -- from 0
    lead_id TEXT NOT NULL,
    is_processed INTEGER NOT NULL DEFAULT 0,
    n_objects INTEGER NOT NULL DEFAULT 0, -- objects made or changed for this lead
    PRIMARY KEY (bulk_action_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- breaks ties of date_updated
    id TEXT NOT NULL UNIQUE,              -- ev_
    object_type TEXT NOT NULL,            -- lead, contact, bulk_action.edit, activity.lead_status_change ...
    action TEXT NOT NULL,                 -- created, updated, deleted, completed, paused ...
    object_id TEXT NOT NULL,
    lead_id TEXT,
    user_id TEXT,
    api_key_id TEXT,
    request_id TEXT,
    changed_fields TEXT NOT NULL DEFAULT '[]',  -- JSON list
    data TEXT,                            -- JSON object or null
    previous_data TEXT,                   -- JSON object or null
    meta TEXT NOT NULL DEFAULT '{}',      -- JSON object: bulk_action_id, request_method, request_path
    date_created TEXT NOT NULL,
    date_updated TEXT NOT NULL
) STRICT;
"""
