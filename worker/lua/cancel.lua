-- Cancels an open job of a tenant at once; a waiting job's message goes with it.
-- Writes: what prelude's cancel writes
-- Arguments: 6 id, 7 tenant
-- Returns: 1 canceled, 0 already terminal, -1 no such job of this tenant
local id, tenant = ARGV[6], ARGV[7]
local record = redis.call('HMGET', job_key(id), 'tenant', 'lane', 'state', 'sent', 'sequence')
if record[1] ~= tenant then
  return -1
end
if not is_open(record[3]) then
  return 0
end
cancel(id, unpack(record))
return 1
