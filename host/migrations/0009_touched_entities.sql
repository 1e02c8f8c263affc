-- updated_at follows everything an entity is answered with: its links and its sync status too, not only its own columns.
-- The version stays: it is of the fields that people change, and a link must not turn down their If-Match.
create function touch_entities(kind text, ids uuid[]) returns void language plpgsql as $$
begin
  -- In key order, as everybody who locks several rows does.
  execute format('with touched as (select id from %1$I where id = any($1) and deleted_at is null and updated_at < now()'
                 ' order by id for update) update %1$I e set updated_at = now() from touched t where e.id = t.id',
                 kind || 's') using ids;
end
$$;

create function touch_entities_of_new_rows() returns trigger language plpgsql as $$
declare
  kind text;
  ids uuid[];
begin
  for kind, ids in select entity_kind, array_agg(distinct entity_id) from new_rows group by entity_kind loop
    perform touch_entities(kind, ids);
  end loop;
  return null;
end
$$;

-- That a record was seen again unchanged (last_seen_at) is no change.
create function touch_entities_of_changed_links() returns trigger language plpgsql as $$
declare
  kind text;
  ids uuid[];
begin
  for kind, ids in
    select entity_kind, array_agg(distinct entity_id) from (
      select n.entity_kind, unnest(array[n.entity_id, o.entity_id]) as entity_id
      from new_rows n join old_rows o using (connection_id, resource, external_id)
      where (n.entity_id, n.deleted_at is null, n.sync_error, n.hub_version)
        is distinct from (o.entity_id, o.deleted_at is null, o.sync_error, o.hub_version)) changed
    group by entity_kind loop
    perform touch_entities(kind, ids);
  end loop;
  return null;
end
$$;

create trigger entity_links_made after insert on entity_links
  referencing new table as new_rows for each statement execute function touch_entities_of_new_rows();
create trigger entity_links_changed after update on entity_links
  referencing new table as new_rows old table as old_rows
  for each statement execute function touch_entities_of_changed_links();
create trigger identity_conflicts_made after insert on identity_conflicts
  referencing new table as new_rows for each statement execute function touch_entities_of_new_rows();
create trigger identity_conflicts_changed after update on identity_conflicts
  referencing new table as new_rows for each statement execute function touch_entities_of_new_rows();
