-- Takes a job: record, message and idempotency entry, or none of them.
-- Reads:  of an earlier job whether kerbside:job:<id> or kerbside:gone:<id> is there
-- Writes: kerbside:job:<id> kerbside:idempotency:<tenant>:<hash> kerbside:tenant:<tenant>, and what admission's count
--         and prelude's open write
-- Arguments: 6 id, 7 lane, 8 tenant, 9 idempotency hash or '', 10 fingerprint, 11 idempotency TTL s,
--            12 deadline in ms from now or '', 13 '1' where the client chose the id, 14-19 policy (see admission),
--            20.. further fields and values of the record
-- Returns: {'replayed' | 'mismatch' | 'taken', left, reset, id} | {'created', left, reset, now, number, position} |
--          what admission's refused returns; `left` is what the key may still send, `reset` the s until all of it
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

local found = facts(lane, tenant, 14, idempotency)
if found.why == 'rate' then
  return refused(found, 'rate', 0)
end

-- The answer to a request that another one has been before. A removal first (see finish): a full server answers it too.
local function known_before(outcome, known_id)
  if found.key then
    redis.call('DEL', found.key)
    count(found)
  end
  return { outcome, found.left or 0, found.reset or 0, known_id }
end

if ARGV[9] ~= '' and found.further then
  local held_id, fingerprint = string.match(found.further, '^(%S+) (%S*)$')
  return known_before(fingerprint == ARGV[10] and 'replayed' or 'mismatch', held_id)
end
-- An id of the client's own is its idempotency key, for as long as anything is known of the job.
if ARGV[13] == '1' then
  local owner, fingerprint = unpack(redis.call('HMGET', job_key(id), 'tenant', 'fingerprint'))
  local gone = not owner and redis.call('GET', 'kerbside:gone:' .. id)
  if owner and owner ~= tenant or gone and string.match(gone, '^%S+') ~= tenant then
    return known_before('taken', id)
  end
  if owner or gone then
    return known_before((gone or fingerprint == ARGV[10]) and 'replayed' or 'taken', id)
  end
end
local why, jobs, longest = refusal(found, ARGV[12])
if why then
  return refused(found, why, jobs, longest)
end

local number = open(id, lane, tenant, ARGV[12], 'sequence', 1, 'created', now, 'tenant', tenant, 'lane', lane,
  unpack(ARGV, 20))
redis.call('ZADD', list, now, id)
redis.call('EXPIRE', list, RESULT_TTL + DEAD_TTL)
-- By the microsecond: no pattern of submits or ids can keep a tenant's list from being tidied.
if clock[2] % 16 == 0 then
  tidy(number)
end
if ARGV[9] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[10], 'EX', ARGV[11])
end
count(found)
-- Never more than there are: numbers of jobs that were canceled while they waited are passed over.
return { 'created', found.left or 0, found.reset or 0, now, number, math.min(number - tonumber(found.claimed or 0), jobs + 1) }
