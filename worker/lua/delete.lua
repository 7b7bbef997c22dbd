-- Erases a job of a tenant, an open one after it was canceled: house, price and labels go, that it was there stays known.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:tenant:<tenant> kerbside:dead:<lane>, and what prelude's cancel
--         writes
-- Arguments: 6 id, 7 tenant, 8 1 to erase nothing but a dead letter
-- Returns: 1 erased, 0 it was gone already, -1 no such job of this tenant
local id, tenant = ARGV[6], ARGV[7]
local record = redis.call('HMGET', job_key(id), 'tenant', 'lane', 'state', 'sent', 'sequence', 'completed', 'detail')
if not record[1] then
  local gone = redis.call('GET', 'kerbside:gone:' .. id)
  return gone and string.match(gone, '^%S+') == tenant and 0 or -1
end
if record[1] ~= tenant or (ARGV[8] == '1' and record[7] ~= 'dead') then
  return -1
end
if is_open(record[3]) then
  cancel(id, unpack(record, 1, 5))
end
redis.call('DEL', job_key(id))
redis.call('ZREM', 'kerbside:tenant:' .. tenant, id)
redis.call('ZREM', 'kerbside:dead:' .. record[2], id)
redis.call('SET', 'kerbside:gone:' .. id, tenant .. ' ' .. (record[6] or now) .. ' ' .. now, 'EX', TOMBSTONE_TTL)
return 1
