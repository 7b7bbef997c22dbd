-- Erases a job of a tenant, an open one after it was canceled: house, price and labels go, that it was there stays known.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:tenant:<tenant> kerbside:dead:<lane>, and what prelude's cancel
--         and webhooks' erase write
-- Arguments: 6 id, 7 tenant, 8 1 to erase nothing but a dead letter
-- Returns: 1 erased, 0 it was gone already, -1 no such job of this tenant
local id, tenant = ARGV[6], ARGV[7]
local job = known(id)
if not job then
  local gone = redis.call('GET', 'kerbside:gone:' .. id)
  return gone and string.match(gone, '^%S+') == tenant and 0 or -1
end
if job.tenant ~= tenant or (ARGV[8] == '1' and job.detail ~= 'dead') then
  return -1
end
if is_open(job.state) then
  cancel(id, job)
end
for delivery in string.gmatch(redis.call('HGET', job_key(id), 'deliveries') or '', '%S+') do
  erase(delivery)
end
redis.call('DEL', job_key(id))
redis.call('ZREM', 'kerbside:tenant:' .. tenant, id)
redis.call('ZREM', 'kerbside:dead:' .. job.lane, id)
redis.call('SET', 'kerbside:gone:' .. id, tenant .. ' ' .. (job.completed or now) .. ' ' .. now, 'EX', TOMBSTONE_TTL)
return 1
