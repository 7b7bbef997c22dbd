-- Opens submit and retry, after the prelude: whether a request fits its key's rate limit, and a job its tenant's quota,
-- the lane's bound and the time that its client has.
-- Reads:  kerbside:memory_full kerbside:claimed:<lane> kerbside:capacity:<lane> kerbside:open:<tenant>
--         kerbside:waiting:<lane> kerbside:running:<lane>
-- Writes: kerbside:rate:<key id>
-- Arguments: 6 bound of waiting jobs, 7 key id or '' where nobody counts, 8 requests, 9 their window us,
--            10 quota of open jobs, 11 longest wait ms or 0 for any

-- Share of a deadline that the expected wait may take: the rest is for the batch that a job is priced in, and for a
-- capacity that was measured too high.
local MARGIN = 0.75

-- GCRA: of a key is kept when all of its limit will be back, in us; each request moves that on by a step.
local key, window, step = ARGV[7], tonumber(ARGV[9]), 0
local rate = 'kerbside:rate:' .. key
local back_at, ahead = 0, 0
-- Requests that the key has left, and the s until all of them are back; where none is left, until one is.
local left, reset = 0, 0
-- Why no job is taken, the highest number that was claimed, the lane's capacity, the tenant's open jobs.
local why, claimed, capacity, opened

-- Reads all that decides, by one command, with perhaps one more key. Tells whether the request fits, and that key's
-- value.
local function fits(lane, tenant, ...)
  local held, more
  why, claimed, capacity, opened, held, more = unpack(redis.call('MGET', 'kerbside:memory_full',
    'kerbside:claimed:' .. lane, 'kerbside:capacity:' .. lane, 'kerbside:open:' .. tenant, rate, ...))
  if key == '' then
    return true, more
  end
  local instant = clock[1] * 1000000 + clock[2]
  step = math.floor(window / ARGV[8])
  -- One from too far in the future was written before Redis's clock was set back.
  back_at = math.min(math.max(tonumber(held or 0), instant), instant + window) + step
  ahead = back_at - instant
  if ahead > window then
    reset = math.ceil((ahead - window) / 1000000)
    return false
  end
  left, reset = math.floor((window - ahead) / step), math.ceil(ahead / 1000000)
  return true, more
end

-- Counts a request that is answered with what was done: one that is refused costs nothing, and writes nothing.
local function count()
  if key ~= '' then
    redis.call('SET', rate, back_at, 'PX', math.ceil(ahead / 1000))
  end
end

-- The answer to a request that is refused, and so was not counted.
local function refused(reason, jobs, longest)
  if key ~= '' and reason ~= 'rate' then
    left, reset = left + 1, math.ceil((ahead - step) / 1000000)
  end
  return { 'refused', left, reset, reason, jobs, capacity or '', math.floor(longest) }
end

-- The answer where no job is opened now, else nil; with it how many wait.
-- The expected wait is that for the end of all that is open. Without a line nobody waits, and without a capacity nothing
-- is known of the wait: then the bound alone holds.
local function refusal(lane, deadline)
  -- Jobs and not messages: those of jobs that have ended may lie in the lane until somebody takes them.
  local waiting = redis.call('ZCARD', 'kerbside:waiting:' .. lane)
  if why then
    return refused(why, waiting, 0)
  end
  if waiting >= tonumber(ARGV[6]) then
    return refused('full', waiting, 0)
  end
  if opened and tonumber(opened) >= tonumber(ARGV[10]) then
    return refused('quota', waiting, 0)
  end
  local longest = tonumber(ARGV[11])
  if capacity and waiting > 0 and longest > 0 then
    local jobs = waiting + redis.call('ZCARD', 'kerbside:running:' .. lane)
    if deadline ~= '' then
      longest = math.min(longest, deadline * MARGIN)
    end
    if jobs * 1000 > longest * string.match(capacity, '^%S+') then
      return refused('slow', jobs, longest)
    end
  end
  return nil, waiting
end
