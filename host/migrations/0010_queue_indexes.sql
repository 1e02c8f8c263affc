-- The search for a lane that is taken asks for state = 'claimed'; it must not be answered from the index of leases, which would
-- have to be read from end to end. Keys are compared as bytes: they are never sorted for people.
drop index work_items_claimed;
create index work_items_lease on work_items (claimed_until) where claimed_until is not null;
alter table work_items
  alter column kind type varchar(30) collate "C",
  alter column state type varchar(10) collate "C",
  alter column lane_key type text collate "C",
  alter column dedupe_key type text collate "C";
