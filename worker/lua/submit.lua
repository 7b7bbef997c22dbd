-- Takes a job: record, message and idempotency entry, or none of them.
-- Reads:  kerbside:memory_full kerbside:claimed:<lane>
-- Writes: kerbside:job:<id> kerbside:idempotency:<tenant>:<hash> kerbside:tenant:<tenant> kerbside:number:<lane>
--         kerbside:deadlines:<lane>, and what prelude's enqueue_last writes
-- Arguments: 5 id, 6 lane, 7 tenant, 8 idempotency hash or '', 9 fingerprint, 10 queue bound,
--            11 idempotency TTL s, 12 deadline in ms from now or '', 13.. further fields and values of the record
-- Returns: {'replayed' | 'mismatch', id} | {'memory' | 'full', waiting} | {'created', now, number, position}
local id, lane, tenant = ARGV[5], ARGV[6], ARGV[7]
local idempotency = 'kerbside:idempotency:' .. tenant .. ':' .. ARGV[8]

if ARGV[8] ~= '' then
  local held = redis.call('GET', idempotency)
  if held then
    local held_id, fingerprint = string.match(held, '^(%S+) (%S*)$')
    return { fingerprint == ARGV[9] and 'replayed' or 'mismatch', held_id }
  end
end
local waiting = redis.call('LLEN', lane)
if redis.call('EXISTS', 'kerbside:memory_full') == 1 then
  return { 'memory', waiting }
end
if waiting >= tonumber(ARGV[10]) then
  return { 'full', waiting }
end

local number = redis.call('INCR', 'kerbside:number:' .. lane)
redis.call('HSET', job_key(id), 'state', 'queued', 'sequence', 1, 'created', now, 'sent', now, 'number', number,
  'tenant', tenant, 'lane', lane, unpack(ARGV, 13))
redis.call('ZADD', 'kerbside:tenant:' .. tenant, now, id)
redis.call('ZREMRANGEBYSCORE', 'kerbside:tenant:' .. tenant, '-inf', now - 2 * RESULT_TTL * 1000)
if ARGV[8] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[9], 'EX', ARGV[11])
end
if ARGV[12] ~= '' then
  local deadline = now + tonumber(ARGV[12])
  redis.call('HSET', job_key(id), 'deadline', deadline)
  redis.call('ZADD', 'kerbside:deadlines:' .. lane, deadline, id)
end
enqueue_last(id, lane, now)
return { 'created', now, number, number - tonumber(redis.call('GET', 'kerbside:claimed:' .. lane) or 0) }
