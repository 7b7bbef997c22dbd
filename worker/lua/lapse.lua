-- Lets ended jobs that were kept for the archive end by themselves, as where there is none: their time counts from now.
-- Writes: the time to live of kerbside:job:<id>, and kerbside:gone:<id>
-- Arguments: 6 1 to do it, 0 only to count, 7.. ids
-- Returns: how many of them
local found = 0

-- A time to live comes first (see finish): a full server is to get rid of them.
local function lapse(id, detail, tenant, completed)
  local ttl = own_ttl(detail)
  expire(id, ttl)
  redis.call('HSET', job_key(id), 'expires', now + ttl * 1000)
  remember(id, tenant, completed, ttl)
end

for i = 7, #ARGV do
  local record = redis.call('HMGET', job_key(ARGV[i]), 'state', 'detail', 'tenant', 'completed')
  if record[1] and not is_open(record[1]) and redis.call('TTL', job_key(ARGV[i])) == -1 then
    found = found + 1
    if ARGV[6] == '1' then
      lapse(ARGV[i], unpack(record, 2))
    end
  end
end
return found
