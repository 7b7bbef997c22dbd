-- Cancels what is open of a batch at once, and forgets the batch where its client wants it so.
-- Writes: kerbside:batch:<batch> kerbside:batches:<tenant> kerbside:unstored kerbside:job:<id>, and what prelude's stop_batch writes
-- Arguments: 6 id, 7 tenant, 8 '1' to forget it
-- Returns: chunks that were canceled, or -1 where there is no such batch of this tenant
local id, tenant = ARGV[6], ARGV[7]
local batch = 'kerbside:batch:' .. id
local record = redis.call('HMGET', batch, 'tenant', 'chunks')
if record[1] ~= tenant then
  return -1
end
local canceled = stop_batch(id, 'by_client')
if ARGV[8] == '1' then
  for number = 1, tonumber(record[2]) do
    redis.call('DEL', job_key(id .. '-' .. number))
  end
  redis.call('DEL', batch)
  redis.call('ZREM', 'kerbside:batches:' .. tenant, id)
  redis.call('SREM', 'kerbside:unstored', id)
end
return canceled
