-- Erases a job of a tenant, an open one after it was canceled: house, price and labels go, that it was there stays known.
-- The archive is told by way of its feed, so that it may be away meanwhile.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:tenant:<tenant> kerbside:dead:<lane> kerbside:feed, and what
--         prelude's cancel and webhooks' erase write
-- Arguments: 6 id, 7 tenant, 8 1 to erase nothing but a dead letter, 9 ms since the epoch at which it ended by the word of
--            the archive, which has it as this tenant's, or ''
-- Returns: 1 erased, 0 it was gone already, -1 no such job of this tenant
local id, tenant, archived = ARGV[6], ARGV[7], ARGV[9]
local job = known(id)

local function bury(completed)
  redis.call('ZREM', 'kerbside:tenant:' .. tenant, id)
  redis.call('SET', 'kerbside:gone:' .. id, tenant .. ' ' .. completed .. ' ' .. now, 'EX', TOMBSTONE_TTL)
  if archived ~= '' then
    redis.call('XADD', FEED, '*', 'job', id, 'erased', tenant)
  else
    redis.call('XADD', FEED, 'NOMKSTREAM', '*', 'job', id, 'erased', tenant)
  end
  return 1
end

if not job then
  local owner, completed, deleted = string.match(redis.call('GET', 'kerbside:gone:' .. id) or '', '^(%S+) (%d+) ?(%d*)$')
  if ARGV[8] == '1' or (owner or archived ~= '' and tenant) ~= tenant then
    return -1
  end
  if deleted and deleted ~= '' or archived == '' and redis.call('EXISTS', FEED) == 0 then
    return 0
  end
  return bury(completed or archived)
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
redis.call('ZREM', 'kerbside:dead:' .. job.lane, id)
return bury(job.completed or now)
