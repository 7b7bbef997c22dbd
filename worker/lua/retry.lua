-- Reopens a failed or canceled job of a tenant: the same id waits anew, last in the lane, and may crash as often as a
-- new one. Its earlier outcome is forgotten; its sequence and its attempts go on.
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:dead:<lane> kerbside:tenant:<tenant>, and what admission's count
--         and prelude's open write
-- Arguments: 6-11 see admission, 12 id, 13 tenant, 14 deadline in ms from now or ''
-- Returns: {'reopened'} | {'unknown'} | {'not_retryable', state} | {'refused', ..} as submit's
local id, tenant = ARGV[12], ARGV[13]
local record = redis.call('HMGET', job_key(id), 'tenant', 'lane', 'state', 'sequence', 'created')
if record[1] ~= tenant then
  return { 'unknown' }
end
local lane, state = record[2], record[3]
if state ~= 'failed' and state ~= 'canceled' then
  return { 'not_retryable', state }
end
if not fits(lane, tenant) then
  return refused('rate', 0, 0)
end
local no = refusal(lane, ARGV[14])
if no then
  return no
end
-- A growing write first, unlike in finish: a full server is to refuse all of it. And a list that nobody submitted to for
-- long has ended before its last dead letters.
redis.call('ZADD', 'kerbside:tenant:' .. tenant, record[5], id)
redis.call('HDEL', job_key(id), 'detail', 'error', 'started', 'completed', 'expires', 'predict_us', 'crashes', 'deadline',
  'worker')
redis.call('PERSIST', job_key(id))
redis.call('DEL', 'kerbside:gone:' .. id)
redis.call('ZREM', 'kerbside:dead:' .. lane, id)
redis.call('EXPIRE', 'kerbside:tenant:' .. tenant, RESULT_TTL + DEAD_TTL)
-- Who still has the job in hand from before may bring a price, but no failure.
redis.call('HINCRBY', job_key(id), 'fence', 1)
open(id, lane, tenant, ARGV[14], 'sequence', record[4] + 1, 'reopened', now)
count()
return { 'reopened' }
