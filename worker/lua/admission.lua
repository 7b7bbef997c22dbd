-- Opens submit and retry, after the prelude: whether a request fits its key's rate limit, and a job its tenant's quota,
-- the lane's bound and the time that its client has.
-- Reads:  kerbside:memory_full kerbside:claimed:<lane> kerbside:capacity:<lane> kerbside:open:<lane>
--         kerbside:waiting:<lane> kerbside:running:<lane>
-- Writes: kerbside:rate:<key id> kerbside:refusals:<lane>
-- Arguments: 6 bound of waiting jobs, 7 key id or '' where nobody counts, 8 requests, 9 their window us,
--            10 quota of open jobs, 11 longest wait ms or 0 for any, 12 jobs of a batch, at most

-- Share of a deadline that the expected wait may take: the rest is for a capacity that was measured too high.
local MARGIN = 0.75
-- Open jobs of a lane without a known capacity up to which one that is in a hurry is let in: a batch's worth.
local COLD = 32

-- GCRA: of a key is kept when all of its limit will be back, in us; each request moves that on by a step.
local key, step, whole = ARGV[7], 0, 0
local rate = 'kerbside:rate:' .. key
local back_at, ahead = 0, 0
-- Requests that the key has left, and the s until all of them are back; where none is left, until one is.
local left, reset = 0, 0
-- Why no job is taken, the highest number that was claimed, the lane's capacity.
local why, claimed, capacity

-- Reads all that decides, by one command, with perhaps one more key. Tells whether the request fits, and that key's
-- value.
local function fits(lane, ...)
  local held, more
  why, claimed, capacity, held, more = unpack(redis.call('MGET', 'kerbside:memory_full', 'kerbside:claimed:' .. lane,
    'kerbside:capacity:' .. lane, rate, ...))
  if key == '' then
    return true, more
  end
  local instant = clock[1] * 1000000 + clock[2]
  step = math.floor(ARGV[9] / ARGV[8])
  -- In whole steps: else what is lost by rounding would be one more request.
  whole = step * ARGV[8]
  -- One from too far in the future was written before Redis's clock was set back.
  back_at = math.min(math.max(tonumber(held or 0), instant), instant + whole) + step
  ahead = back_at - instant
  if ahead > whole then
    reset = math.ceil((ahead - whole) / 1000000)
    return false
  end
  left = math.floor((whole - ahead) / step)
  reset = math.ceil((left > 0 and ahead or ahead + step - whole) / 1000000)
  return true, more
end

-- Counts a request that is answered with what was done: one that is refused costs its key nothing.
local function count()
  if key ~= '' then
    redis.call('SET', rate, back_at, 'PX', math.ceil(ahead / 1000))
  end
end

-- What all workers of the lane end a second, and how many they are; 0 where that is not known.
local function able()
  local per_s, workers = string.match(capacity or '0 0', '^(%S+) (%S+)')
  return per_s * workers, tonumber(workers)
end

-- The answer to a request that is refused, and so was not counted against its key. For operators it is, but on a full
-- server, which takes no growing write.
local function refused(lane, reason, jobs, longest)
  redis.pcall('HINCRBY', 'kerbside:refusals:' .. lane, reason, 1)
  if key ~= '' and reason ~= 'rate' then
    left, reset = left + 1, math.ceil((ahead - step) / 1000000)
  end
  local per_s = able()
  return { 'refused', left, reset, reason, jobs, per_s > 0 and string.format('%.6g', per_s) or '', math.floor(longest) }
end

-- The same where a job would wait too long, else nil. Without a deadline that is weighed only where there is a line; with
-- one the batch counts in which the job is priced, since results are written when all of a batch is done. Nobody is
-- refused by an empty lane: its job shows whether what is believed of the capacity is still true.
local function too_slow(lane, waiting, running, deadline)
  local longest, jobs = tonumber(ARGV[11]), waiting + running
  if longest == 0 or jobs == 0 then
    return nil
  end
  local per_s, workers = able()
  if deadline ~= '' and deadline * MARGIN < longest then
    longest = deadline * MARGIN
    if per_s == 0 then
      return jobs >= COLD and refused(lane, 'unknown', jobs, longest) or nil
    end
    jobs = jobs + math.min(waiting + 1, ARGV[12] * workers)
  elseif waiting == 0 then
    return nil
  end
  return per_s > 0 and jobs * 1000 > longest * per_s and refused(lane, 'slow', jobs, longest) or nil
end

-- The answer where no job is opened now, else nil; with it how many wait.
local function refusal(lane, tenant, deadline)
  -- Jobs and not messages: those of jobs that have ended may lie in the lane until somebody takes them.
  local waiting = redis.call('ZCARD', 'kerbside:waiting:' .. lane)
  if why then
    return refused(lane, why, waiting, 0)
  end
  if waiting >= tonumber(ARGV[6]) then
    return refused(lane, 'full', waiting, 0)
  end
  local running, quota = redis.call('ZCARD', 'kerbside:running:' .. lane), tonumber(ARGV[10])
  -- A tenant has no more than all together.
  if waiting + running >= quota and tonumber(redis.call('HGET', 'kerbside:open:' .. lane, tenant) or 0) >= quota then
    return refused(lane, 'quota', waiting, 0)
  end
  return too_slow(lane, waiting, running, deadline), waiting
end
