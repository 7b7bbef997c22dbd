-- Takes a job: record, message and idempotency entry, or none of them.
-- Reads:  kerbside:memory_full kerbside:claimed:<lane> kerbside:waiting:<lane>, of earlier jobs whether kerbside:job:<id> is there
-- Writes: kerbside:job:<id> kerbside:idempotency:<tenant>:<hash> kerbside:tenant:<tenant> kerbside:number:<lane>
--         kerbside:deadlines:<lane>, and what prelude's enqueue_last writes
-- Arguments: 6 id, 7 lane, 8 tenant, 9 idempotency hash or '', 10 fingerprint, 11 queue bound,
--            12 idempotency TTL s, 13 deadline in ms from now or '', 14.. further fields and values of the record
-- Returns: {'replayed' | 'mismatch', id} | {'refused', waiting, reason} | {'created', now, number, position}
local id, lane, tenant = ARGV[6], ARGV[7], ARGV[8]
local list = 'kerbside:tenant:' .. tenant
local idempotency = 'kerbside:idempotency:' .. tenant .. ':' .. ARGV[9]

-- One submit in 16 looks at 32 of the tenant's older jobs, each time elsewhere among them, and drops those whose
-- record is gone. So open jobs and dead letters stay, and the list holds at most about twice what it must.
local function tidy(number)
  local LOOKED_AT = 32
  local older = redis.call('ZCOUNT', list, '-inf', now - RESULT_TTL * 1000)
  if older == 0 then
    return
  end
  local first = number * 2 % math.max(1, older - LOOKED_AT + 1)
  for _, earlier in ipairs(redis.call('ZRANGE', list, first, first + LOOKED_AT - 1)) do
    if redis.call('EXISTS', job_key(earlier)) == 0 then
      redis.call('ZREM', list, earlier)
    end
  end
end

if ARGV[9] ~= '' then
  local held = redis.call('GET', idempotency)
  if held then
    local held_id, fingerprint = string.match(held, '^(%S+) (%S*)$')
    return { fingerprint == ARGV[10] and 'replayed' or 'mismatch', held_id }
  end
end
-- Jobs and not messages: those of jobs that have ended may lie in the lane until somebody takes them.
local waiting = redis.call('ZCARD', 'kerbside:waiting:' .. lane)
local known = redis.call('MGET', 'kerbside:memory_full', 'kerbside:claimed:' .. lane)
if known[1] or waiting >= tonumber(ARGV[11]) then
  return { 'refused', waiting, known[1] or 'full' }
end

local number = redis.call('INCR', 'kerbside:number:' .. lane)
redis.call('HSET', job_key(id), 'state', 'queued', 'sequence', 1, 'created', now, 'sent', now, 'number', number,
  'tenant', tenant, 'lane', lane, unpack(ARGV, 14))
redis.call('ZADD', list, now, id)
redis.call('EXPIRE', list, RESULT_TTL + DEAD_TTL)
-- By the id, which is random: no pattern of submits can keep a tenant's list from being tidied.
if string.sub(id, -1) == '0' then
  tidy(number)
end
if ARGV[9] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[10], 'EX', ARGV[12])
end
if ARGV[13] ~= '' then
  local deadline = now + tonumber(ARGV[13])
  redis.call('HSET', job_key(id), 'deadline', deadline)
  redis.call('ZADD', 'kerbside:deadlines:' .. lane, deadline, id)
end
enqueue_last(id, lane, now)
-- Never more than there are: numbers of jobs that were canceled while they waited are passed over.
return { 'created', now, number, math.min(number - tonumber(known[2] or 0), waiting + 1) }
