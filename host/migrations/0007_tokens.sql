-- What a service granted, and until when it can be renewed; the state in which only the owner can help by its own name.
alter table connections add column granted_scopes text[];
alter table connections add column authorization_ends_at timestamptz;  -- null: it can be renewed without end
update connections set state = 'needs_reconnect' where state = 'needs_reauth';
