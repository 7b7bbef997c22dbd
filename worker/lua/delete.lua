-- Erases a job of a tenant, an open one after it was canceled: house, price and labels go, that it was there stays known.
-- The archive is told by way of its feed, so that it may be away meanwhile.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:tenant:<tenant> kerbside:dead:<lane> kerbside:feed, and what
--         prelude's cancel and webhooks' erase write
-- Arguments: 6 id, 7 tenant, 8 1 to erase nothing but a dead letter, 9 1 where there is an archive, 10 ms since the epoch at
--            which it ended by the word of the archive, which has it as this tenant's, or ''
-- Returns: 1 erased, 0 it was gone already, -1 no such job of this tenant, -2 there is an archive, which may have it, and
--          nobody reads for it: nothing was done
local id, tenant, has_archive, archived = ARGV[6], ARGV[7], ARGV[9] == '1', ARGV[10]
local job = known(id)

local function bury(completed)
  redis.call('ZREM', 'kerbside:tenant:' .. tenant, id)
  redis.call('SET', 'kerbside:gone:' .. id, tenant .. ' ' .. completed .. ' ' .. now, 'EX', TOMBSTONE_TTL)
  tell_archive(id, 'erased', tenant)
  return 1
end

local owner, completed, deleted = string.match(redis.call('GET', 'kerbside:gone:' .. id) or '', '^(%S+) (%d+) ?(%d*)$')
if not job and owner == tenant and deleted ~= '' and ARGV[8] ~= '1' then
  return 0
end
if job and job.tenant ~= tenant or not job and (ARGV[8] == '1' or (owner or archived ~= '' and tenant) ~= tenant) then
  return -1
end
local is_read = redis.call('EXISTS', FEED) == 1
if has_archive and not is_read then
  return -2
end
if not job then
  return is_read and bury(completed or archived) or 0
end
if ARGV[8] == '1' and job.detail ~= 'dead' then
  return -1
end
if is_open(job.state) then
  cancel(id, job, 'by_client')
end
for delivery in string.gmatch(redis.call('HGET', job_key(id), 'deliveries') or '', '%S+') do
  erase(delivery)
end
redis.call('DEL', job_key(id))
redis.call('ZREM', 'kerbside:dead:' .. job.lane, id)
return bury(job.completed or now)
