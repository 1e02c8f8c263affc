-- An account that is connected again goes on with what its removed connection knew: links, and whose value a field is.
alter table connections add column successor_id uuid references connections (id);
create index connections_account on connections (connector, account_id) where account_id is not null;
-- A connection that never worked is tried again.
create index connections_unreachable on connections (updated_at) where deleted_at is null and state = 'unreachable';
