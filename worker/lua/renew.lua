-- Extends the leases that a worker still holds.
-- Writes: kerbside:running:<lane>
-- Arguments: 6 lane, 7.. per job: id, fence
-- Returns: how many leases were extended
local lane, extended = ARGV[6], 0
-- A removal first, so that a full server still renews (see prelude's finish).
redis.call('ZREM', 'kerbside:running:' .. lane, '')
for i = 7, #ARGV, 2 do
  local record = redis.call('HMGET', job_key(ARGV[i]), 'state', 'fence')
  if record[1] == 'running' and record[2] == ARGV[i + 1] then
    redis.call('ZADD', 'kerbside:running:' .. lane, 'XX', now + LEASE, ARGV[i])
    extended = extended + 1
  end
end
return extended
