"""
Which indexes and triggers a world has; a seeder adds them after its rows, everybody else finds them there.

Those of events are read from their end, newest first; so a new event goes to the end of two of them. `seq`, the row's
number, is the last column of every index anyway.
"""

INDEXES = """
CREATE INDEX lead_by_age ON lead (date_created DESC, id);
CREATE INDEX lead_by_status ON lead (status_id, last_communication_date, id);
CREATE INDEX lead_by_communication ON lead (last_communication_date, id);
CREATE INDEX lead_by_update ON lead (date_updated, id);
CREATE INDEX contact_by_lead ON contact (lead_id, position);
CREATE INDEX contact_email_by_address ON contact_email (email);
CREATE INDEX opportunity_by_lead ON opportunity (lead_id, status_id);
CREATE INDEX opportunity_by_status ON opportunity (status_id, lead_id);
CREATE INDEX period_by_opportunity ON opportunity_status_period (opportunity_id, status_id);
CREATE INDEX activity_by_lead ON activity (lead_id, kind, activity_at);
CREATE INDEX activity_by_bulk_email ON activity (bulk_email_action_id, lead_id) WHERE bulk_email_action_id IS NOT NULL;
CREATE INDEX task_by_lead ON task (lead_id, is_complete);
CREATE INDEX custom_object_by_lead ON custom_object (lead_id);
CREATE INDEX custom_value_by_text ON custom_value (custom_field_id, text_value, object_id) WHERE text_value IS NOT NULL;
CREATE INDEX custom_value_by_number ON custom_value (custom_field_id, number_value, object_id)
    WHERE number_value IS NOT NULL;
CREATE INDEX custom_value_by_moment ON custom_value (custom_field_id, moment_value, object_id)
    WHERE moment_value IS NOT NULL;
CREATE INDEX subscription_by_contact ON sequence_subscription (contact_id, sequence_id, status);
CREATE INDEX subscription_by_lead ON sequence_subscription (lead_id);
CREATE INDEX subscription_by_sequence ON sequence_subscription (sequence_id, status);
CREATE INDEX bulk_action_by_status ON bulk_action (status);
CREATE INDEX bulk_target_by_lead ON bulk_target (bulk_action_id, lead_id);
CREATE INDEX event_by_update ON event (date_updated);
CREATE INDEX event_by_kind ON event (object_type, action, date_updated);
CREATE INDEX event_by_lead ON event (lead_id, date_updated);
CREATE INDEX event_by_object ON event (object_id, date_updated);
CREATE INDEX event_by_request ON event (request_id) WHERE request_id IS NOT NULL;
"""

TRIGGERS = """
CREATE TRIGGER lead_status_changed AFTER UPDATE OF status_id ON lead WHEN new.status_id <> old.status_id
BEGIN
    UPDATE lead SET last_lead_status_change_date = new.date_updated WHERE id = new.id;
END;

CREATE TRIGGER activity_added AFTER INSERT ON activity WHEN new.communicated_at IS NOT NULL
BEGIN
    UPDATE lead SET last_communication_date = new.communicated_at
    WHERE id = new.lead_id AND (last_communication_date IS NULL OR last_communication_date < new.communicated_at);
END;

CREATE TRIGGER activity_changed AFTER UPDATE ON activity
WHEN new.communicated_at IS NOT old.communicated_at OR new.lead_id <> old.lead_id
BEGIN
    UPDATE lead SET last_communication_date =
        (SELECT max(communicated_at) FROM activity WHERE activity.lead_id = lead.id)
    WHERE id IN (old.lead_id, new.lead_id);
END;

CREATE TRIGGER activity_removed AFTER DELETE ON activity WHEN old.communicated_at IS NOT NULL
BEGIN
    UPDATE lead SET last_communication_date =
        (SELECT max(communicated_at) FROM activity WHERE activity.lead_id = lead.id)
    WHERE id = old.lead_id AND last_communication_date = old.communicated_at;
END;

CREATE TRIGGER opportunity_added AFTER INSERT ON opportunity
BEGIN
    INSERT INTO opportunity_status_period (opportunity_id, started_at, status_id, ended_at)
    VALUES (new.id, new.date_created, new.status_id, NULL);
END;

CREATE TRIGGER opportunity_status_changed AFTER UPDATE OF status_id ON opportunity WHEN new.status_id <> old.status_id
BEGIN
    UPDATE opportunity_status_period SET ended_at = new.date_updated
    WHERE opportunity_id = new.id AND ended_at IS NULL;
    INSERT INTO opportunity_status_period (opportunity_id, started_at, status_id, ended_at)
    VALUES (new.id, new.date_updated, new.status_id, NULL);
END;

CREATE TRIGGER lead_removed AFTER DELETE ON lead
BEGIN
    DELETE FROM custom_value WHERE object_id = old.id;
END;

CREATE TRIGGER contact_removed AFTER DELETE ON contact
BEGIN
    DELETE FROM custom_value WHERE object_id = old.id;
END;

CREATE TRIGGER opportunity_removed AFTER DELETE ON opportunity
BEGIN
    DELETE FROM custom_value WHERE object_id = old.id;
END;
"""
