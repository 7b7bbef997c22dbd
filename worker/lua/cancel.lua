-- Cancels an open job of a tenant at once; a waiting job's message goes with it.
-- Writes: <lane>, and what prelude's finish and announce write
-- Arguments: 5 id, 6 tenant
-- Returns: 1 canceled, 0 already terminal, -1 no such job of this tenant
local id, tenant = ARGV[5], ARGV[6]
local record = redis.call('HMGET', job_key(id), 'tenant', 'state', 'lane', 'sent')
if record[1] ~= tenant then
  return -1
end
if not is_open(record[2]) then
  return 0
end
if record[2] ~= 'running' then
  redis.call('LREM', record[3], 1, message(id, record[3], record[4]))
end
finish(id, record[3], tenant, 'canceled', 'by_client')
announce({ id })
return 1
