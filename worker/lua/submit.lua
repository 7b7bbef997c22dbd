-- Takes a job: record, message and idempotency entry, or none of them.
-- Reads:  of an earlier job whether kerbside:job:<id> or kerbside:gone:<id> is there
-- Writes: kerbside:job:<id> kerbside:idempotency:<tenant>:<hash> kerbside:tenant:<tenant>, and what admission's count
--         and prelude's open write
-- Arguments: 6-12 see admission, 13 id, 14 lane, 15 tenant, 16 idempotency hash or '', 17 fingerprint,
--            18 idempotency TTL s, 19 deadline in ms from now or '', 20 where the client chose the id: 'ask' where the
--            archive may know it, 'replayed' or 'taken' where the archive does, 'new' where nobody does; else '',
--            21.. further fields and values of the record
-- Returns: {'ask', 0, 0, 1 where the id was a job's | 0} | {'replayed' | 'mismatch' | 'taken', left, reset, id} | {'created', left, reset, now, number, position} |
--          {'refused', left, reset, reason, jobs up to its end, jobs/s or '', longest wait ms}; for left and reset see
--          admission
local id, lane, tenant = ARGV[13], ARGV[14], ARGV[15]
local list = 'kerbside:tenant:' .. tenant
local idempotency = 'kerbside:idempotency:' .. tenant .. ':' .. ARGV[16]

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

-- The answer to a request that another one has been before. A removal first (see finish): a full server answers it too.
local function known_before(outcome, known_id)
  redis.call('DEL', rate)
  count()
  return { outcome, left, reset, known_id }
end

local fitting, held = fits(lane, idempotency)
if not fitting then
  return refused(lane, 'rate', 0, 0)
end
if held and ARGV[16] ~= '' then
  local held_id, fingerprint = string.match(held, '^(%S+) (%S*)$')
  return known_before(fingerprint == ARGV[17] and 'replayed' or 'mismatch', held_id)
end
-- An id of the client's own is its idempotency key, for as long as anything is known of the job.
if ARGV[20] ~= '' then
  local owner, fingerprint = unpack(redis.call('HMGET', job_key(id), 'tenant', 'fingerprint'))
  local gone = not owner and redis.call('GET', 'kerbside:gone:' .. id)
  if owner and owner ~= tenant or gone and string.match(gone, '^%S+') ~= tenant then
    return known_before('taken', id)
  end
  if owner then
    return known_before(fingerprint == ARGV[17] and 'replayed' or 'taken', id)
  end
  if gone and string.match(gone, '^%S+ %d+ %d+$') then
    return known_before('replayed', id)
  end
  if ARGV[20] == 'ask' then
    return { 'ask', 0, 0, gone and 1 or 0 }
  end
  if gone or ARGV[20] ~= 'new' then
    return known_before(ARGV[20] == 'taken' and 'taken' or 'replayed', id)
  end
end
local no, waiting = refusal(lane, tenant, ARGV[19])
if no then
  return no
end

local number = open(id, lane, tenant, ARGV[19], 'sequence', 1, 'created', now, 'tenant', tenant, 'lane', lane,
  unpack(ARGV, 21))
redis.call('ZADD', list, now, id)
redis.call('EXPIRE', list, RESULT_TTL + DEAD_TTL)
-- By the microsecond: no pattern of submits or ids can keep a tenant's list from being tidied.
if clock[2] % 16 == 0 then
  tidy(number)
end
if ARGV[16] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[17], 'EX', ARGV[18])
end
count()
-- Never more than there are: numbers of jobs that were canceled while they waited are passed over.
return { 'created', left, reset, now, number, math.min(number - (claimed or 0), waiting + 1) }
