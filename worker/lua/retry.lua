-- Reopens a failed or canceled job of a tenant: the same id waits anew, last in the lane, and may crash as often as a
-- new one. Its earlier outcome is forgotten; its sequence and its attempts go on. One that has left for the archive comes
-- back from there.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:dead:<lane> kerbside:tenant:<tenant>, and what admission's count
--         and prelude's open write
-- Arguments: 6-12 see admission, 13 id, 14 tenant, 15 deadline in ms from now or '', 16 how many arguments follow that
--            are fields and values of the record in the archive, then these, then further fields and values of the record
-- Returns: {'reopened', left, reset} | {'unknown', 0, 0} | {'not_retryable', 0, 0, state} | {'refused', ..} as submit's
local id, tenant = ARGV[13], ARGV[14]
local NEEDED = { 'tenant', 'lane', 'state', 'sequence', 'created' }
local archived = { unpack(ARGV, 17, 16 + ARGV[16]) }

-- What is needed of the record that the archive has, unless its job was deleted meanwhile.
local function of_archive()
  local gone, found = redis.call('GET', 'kerbside:gone:' .. id) or '', {}
  if string.match(gone, '^%S+ %d+ %d+$') then
    return found
  end
  for i = 1, #archived, 2 do
    found[archived[i]] = archived[i + 1]
  end
  return { found.tenant, found.lane, found.state, found.sequence, found.created }
end

-- How many of its deliveries are under way again: while its record was away nobody counted.
local function undelivered()
  local count = 0
  for delivery in string.gmatch(redis.call('HGET', job_key(id), 'deliveries') or '', '%S+') do
    count = count + (is_open(redis.call('HGET', job_key(delivery), 'state')) and 1 or 0)
  end
  return count
end

local record = redis.call('HMGET', job_key(id), unpack(NEEDED))
local comes_back = not record[1] and #archived > 0
if comes_back then
  record = of_archive()
end
if record[1] ~= tenant then
  return { 'unknown', 0, 0 }
end
local lane, state = record[2], record[3]
if state ~= 'failed' and state ~= 'canceled' then
  return { 'not_retryable', 0, 0, state }
end
if not fits(lane) then
  return refused(lane, 'rate', 0, 0)
end
local no = refusal(lane, tenant, ARGV[15])
if no then
  return no
end
-- A growing write first, unlike in finish: a full server is to refuse all of it. And a list that nobody submitted to for
-- long has ended before its last dead letters.
redis.call('ZADD', 'kerbside:tenant:' .. tenant, record[5], id)
if comes_back then
  redis.call('HSET', job_key(id), unpack(archived))
  redis.call('HSET', job_key(id), 'undelivered', undelivered())
end
redis.call('HDEL', job_key(id), 'detail', 'error', 'started', 'completed', 'expires', 'predict_us', 'crashes', 'deadline',
  'worker', 'webhook_status', 'traceparent')
redis.call('PERSIST', job_key(id))
redis.call('DEL', 'kerbside:gone:' .. id)
redis.call('ZREM', 'kerbside:dead:' .. lane, id)
redis.call('EXPIRE', 'kerbside:tenant:' .. tenant, RESULT_TTL + DEAD_TTL)
-- Who still has the job in hand from before may bring a price, but no failure.
redis.call('HINCRBY', job_key(id), 'fence', 1)
open(id, lane, tenant, ARGV[15], 'sequence', record[4] + 1, 'reopened', now, unpack(ARGV, 17 + ARGV[16]))
count()
return { 'reopened', left, reset }
