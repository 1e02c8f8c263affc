-- Which of a client's contacts were given by a registration or a customer and confirmed by nobody: they prove no identity.
alter table clients add column unverified_contacts text[] not null default '{}';
-- What registrations and customers have entered so far, as far as it can be told: the client has a customer with the very
-- contact, and no service owns the value.
update clients c set unverified_contacts =
    array_remove(array[
      case when c.email is not null and not c.owners ? 'email' and exists (select 1 from users u where u.client_id = c.id
        and u.role in ('customer_admin', 'customer_user') and not u.email_verified and lower(u.email) = lower(c.email))
        then 'email' end,
      case when c.phone is not null and not c.owners ? 'phone' and exists (select 1 from users u where u.client_id = c.id
        and u.role in ('customer_admin', 'customer_user') and u.phone = c.phone) then 'phone' end], null)
  where exists (select 1 from users u where u.client_id = c.id and u.role in ('customer_admin', 'customer_user'));
