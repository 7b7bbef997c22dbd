-- Takes a job: record, message and idempotency entry, or none of them.
-- Reads:  of an earlier job whether kerbside:job:<id> or kerbside:gone:<id> is there
-- Writes: kerbside:job:<id> kerbside:idempotency:<tenant>:<hash> kerbside:tenant:<tenant>, and what prelude's open writes
-- Arguments: 6 id, 7 lane, 8 tenant, 9 idempotency hash or '', 10 fingerprint, 11 queue bound,
--            12 idempotency TTL s, 13 deadline in ms from now or '', 14 '1' where the client chose the id,
--            15.. further fields and values of the record
-- Returns: {'replayed' | 'mismatch' | 'taken', id} | {'refused', waiting, reason} | {'created', now, number, position}
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
-- An id of the client's own is its idempotency key, for as long as anything is known of the job.
if ARGV[14] == '1' then
  local owner, fingerprint = unpack(redis.call('HMGET', job_key(id), 'tenant', 'fingerprint'))
  local gone = not owner and redis.call('GET', 'kerbside:gone:' .. id)
  if owner and owner ~= tenant or gone and string.match(gone, '^%S+') ~= tenant then
    return { 'taken', id }
  end
  if owner or gone then
    return { (gone or fingerprint == ARGV[10]) and 'replayed' or 'taken', id }
  end
end
local reason, waiting, claimed = refusal(lane, ARGV[11])
if reason then
  return { 'refused', waiting, reason }
end

local number = open(id, lane, ARGV[13], 'sequence', 1, 'created', now, 'tenant', tenant, 'lane', lane, unpack(ARGV, 15))
redis.call('ZADD', list, now, id)
redis.call('EXPIRE', list, RESULT_TTL + DEAD_TTL)
-- By the microsecond: no pattern of submits or ids can keep a tenant's list from being tidied.
if clock[2] % 16 == 0 then
  tidy(number)
end
if ARGV[9] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[10], 'EX', ARGV[12])
end
-- Never more than there are: numbers of jobs that were canceled while they waited are passed over.
return { 'created', now, number, math.min(number - claimed, waiting + 1) }
