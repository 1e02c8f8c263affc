-- What the API shows of an entity's sync state is looked up by entity: a write-back that is due, an open identity conflict.
create index work_items_writeback_entity on work_items ((payload->>'entityId'))
  where kind = 'writeback' and state in ('due', 'claimed');
create index identity_conflicts_entity on identity_conflicts (entity_id) where resolved_at is null;
