-- Opens submit and retry, after the prelude: whether a request fits its key's rate limit, and a job its tenant's quota,
-- the lane's bound and the time that its client has.
-- Reads:  kerbside:memory_full kerbside:claimed:<lane> kerbside:capacity:<lane> kerbside:open:<tenant>
--         kerbside:waiting:<lane> kerbside:running:<lane>
-- Writes: kerbside:rate:<key id>

-- Share of a deadline that the expected wait may take: the rest is for the batch that a job is priced in, and for rates
-- that were measured too high.
local MARGIN = 0.75

-- What decides, read by one command. The policy is the arguments from `first` on:
--   bound of waiting jobs, key id or '' where nobody counts, requests, their window us, quota of open jobs or '',
--   longest wait ms or 0 for any.
-- One more key may follow, whose value comes with the facts.
local function facts(lane, tenant, first, ...)
  local found = {
    lane = lane, bound = tonumber(ARGV[first]), quota = tonumber(ARGV[first + 4]), longest = tonumber(ARGV[first + 5]),
  }
  local held
  found.why, found.claimed, found.capacity, found.open, held, found.further = unpack(redis.call('MGET',
    'kerbside:memory_full', 'kerbside:claimed:' .. lane, 'kerbside:capacity:' .. lane, 'kerbside:open:' .. tenant,
    'kerbside:rate:' .. ARGV[first + 1], ...))
  if ARGV[first + 1] ~= '' then
    -- GCRA: of the key is kept when its limit will be whole again, in us; each request moves that on by a step.
    local window, instant = tonumber(ARGV[first + 3]), clock[1] * 1000000 + clock[2]
    local step = math.floor(window / tonumber(ARGV[first + 2]))
    -- One from too far in the future was written before Redis's clock was set back.
    local whole = math.min(math.max(tonumber(held or 0), instant), instant + window)
    found.key, found.step = 'kerbside:rate:' .. ARGV[first + 1], step
    found.whole, found.ahead = whole + step, whole + step - instant
    if found.ahead > window then
      found.left, found.reset, found.why = 0, math.ceil((found.ahead - window) / 1000000), 'rate'
    else
      found.left, found.reset = math.floor((window - found.ahead) / step), math.ceil(found.ahead / 1000000)
    end
  end
  return found
end

-- Counts a request that is answered with what was done: one that is refused costs nothing, and writes nothing.
local function count(found)
  if found.key then
    redis.call('SET', found.key, string.format('%.0f', found.whole), 'PX', math.ceil(found.ahead / 1000))
  end
end

-- Why no job is opened now, or nil; with it how many jobs are before it, and of 'slow' the longest wait in ms.
-- The wait is that for the end of all that is open. Without a line nobody waits, and without a capacity nothing is known of
-- the wait: then the bound alone holds.
local function refusal(found, deadline)
  -- Jobs and not messages: those of jobs that have ended may lie in the lane until somebody takes them.
  local waiting = redis.call('ZCARD', 'kerbside:waiting:' .. found.lane)
  if found.why then
    return found.why, waiting
  end
  if waiting >= found.bound then
    return 'full', waiting
  end
  if found.quota and tonumber(found.open or 0) >= found.quota then
    return 'quota', waiting
  end
  if waiting > 0 and found.capacity and found.longest > 0 then
    local jobs, longest = waiting + redis.call('ZCARD', 'kerbside:running:' .. found.lane), found.longest
    if deadline ~= '' then
      longest = math.min(longest, tonumber(deadline) * MARGIN)
    end
    if jobs * 1000 > longest * tonumber(string.match(found.capacity, '^%S+')) then
      return 'slow', jobs, longest
    end
  end
  return nil, waiting
end

-- The answer to a request that is refused, and so was not counted.
local function refused(found, why, jobs, longest)
  local left, reset = found.left or 0, found.reset or 0
  if found.key and why ~= 'rate' then
    left, reset = left + 1, math.ceil((found.ahead - found.step) / 1000000)
  end
  return { 'refused', left, reset, why, jobs, found.capacity or '', math.floor(longest or 0) }
end
