-- Takes up to n waiting jobs of a lane and leases them to one worker.
-- Reads:  kerbside:paused:<lane> kerbside:capacity:<lane>, of a message whether kerbside:gone:<id> is there
-- Writes: kerbside:workers:<lane> kerbside:strays:<lane> kerbside:claimed:<lane> kerbside:job:<id>
--         kerbside:running:<lane> kerbside:waiting:<lane> kerbside:awake:<lane> kerbside:bell:<lane>
--         kerbside:starts:<lane> <lane>,
--         and what prelude's finish and webhooks' wake_due and tell write
-- Arguments: 6 lane, 7 n, 8 worker, 9 the one id wanted, whose message a stock worker took, or '',
--            10 ms in which the worker will be back if it gets a job, 0 where that is not known,
--            11 ms since its last claim in which a worker counts, 12 '1' to take fresh jobs only
-- Returns: {jobs, left, paused, strays}; a job is {id, fence, version, input, crashes, alias or nil, explain or nil,
--          ms in the lane, ms since its submit, its retry or its event, traceparent or nil}
-- A batch holds jobs of one crash count: fresh ones n together, once crashed ones 8, twice crashed ones alone,
-- so that a house that kills its worker is cornered while its neighbours are priced.
local lane, n, worker = ARGV[6], tonumber(ARGV[7]), ARGV[8]
local SMALL_BATCH, STRAYS_KEPT = 8, 1000

redis.call('ZREMRANGEBYSCORE', 'kerbside:workers:' .. lane, '-inf', now - tonumber(ARGV[11]))
redis.call('ZADD', 'kerbside:workers:' .. lane, now, worker)
local awake = 'kerbside:awake:' .. lane
local known = redis.call('MGET', 'kerbside:paused:' .. lane, 'kerbside:claimed:' .. lane, awake,
  'kerbside:capacity:' .. lane)
if known[1] then
  return { {}, redis.call('LLEN', lane), 1, 0 }
end

local wanted = ARGV[9] ~= ''
if lane == 'webhooks' then
  wake_due()
end
local messages = wanted and { '"id":"' .. ARGV[9] .. '"' } or redis.call('LRANGE', lane, -n, -1)
local jobs, leases, taken, waited = {}, {}, {}, 0
local level, newest, read, strays = ARGV[12] == '1' and 0 or nil, 0, 0, 0

local function lease(id, record)
  local fence = (tonumber(record[3]) or 0) + 1
  local started = record[9] or now
  redis.call('HSET', job_key(id), 'state', 'running', 'fence', fence, 'worker', worker, 'started', started,
    'attempts', (tonumber(record[8]) or 0) + 1, 'sequence', tonumber(record[10]) + 1)
  -- An absent field is false, which Redis answers as nil.
  local lain, age = math.max(0, now - record[16]), math.max(0, now - (record[17] or record[18] or record[19]))
  jobs[#jobs + 1] = { id, fence, record[5] or '', record[6] or '', tonumber(record[2]) or 0, record[12], record[13], lain, age,
    record[20] }
  leases[#leases + 1] = now + LEASE
  leases[#leases + 1] = id
  taken[#taken + 1] = id
  newest = math.max(newest, tonumber(record[7]))
  waited = waited + lain
  if lane == 'predictions' and not record[9] then
    tell(id, record[11], record[10] + 1, 'prediction.started', record[14], record[15])
  end
end

-- Ends a job whose turn comes too late; false where it does not.
local function end_instead(id, record)
  local state, detail = 'canceled', 'deadline_exceeded'
  if lane == 'webhooks' then
    state, detail = undeliverable(id)
  elseif not (record[4] and tonumber(record[4]) <= now) then
    state = nil
  end
  if not state then
    return false
  end
  finish(lane, { { id = id, tenant = record[11], sequence = record[10], state = state, detail = detail, more = {} } })
  return true
end

-- What a worker ends in a ms, where that is known, and when the first of this batch is of no use any more.
local per_ms, soonest = tonumber(string.match(known[4] or '', '^%S+') or 0) / 1000, math.huge
local SHARE = 0.8

-- Whether a batch would be too long with one job more: results are written when all of it is done, and who came with less
-- time than those after it was let in for a short one.
local function would_be_late(deadline)
  local at = tonumber(deadline) or math.huge
  -- What is too late already is not priced at all.
  soonest = at > now and math.min(soonest, at) or soonest
  return #jobs > 0 and per_ms > 0 and soonest < math.huge and #jobs + 1 > (soonest - now) * SHARE * per_ms
end

for i = #messages, 1, -1 do
  -- A stock producer's JSON has a space after the colon, ours has none.
  local id = string.match(messages[i], '"id": ?"([^"]+)"')
  local record = id and redis.call('HMGET', job_key(id),
    'state', 'crashes', 'fence', 'deadline', 'version', 'input', 'number', 'attempts', 'started', 'sequence', 'tenant',
    'alias', 'explain', 'webhook', 'webhook_events', 'sent', 'since', 'reopened', 'created',
    'traceparent')
  if not (record and record[1]) then
    -- One whose job ended while it lay here, and was deleted since, is no stray.
    if not (id and redis.call('EXISTS', 'kerbside:gone:' .. id) == 1) then
      strays = strays + 1
      redis.call('LPUSH', 'kerbside:strays:' .. lane, messages[i])
    end
  elseif record[1] == 'queued' or record[1] == 'retrying' then
    local crashes = tonumber(record[2]) or 0
    level = level or crashes
    local limit = level == 0 and n or level == 1 and SMALL_BATCH or 1
    if #jobs >= limit or crashes ~= level or would_be_late(record[4]) then
      break
    end
    if not end_instead(id, record) then
      lease(id, record)
    end
  end
  read = read + 1
end

if read > 0 and not wanted then
  redis.call('LTRIM', lane, 0, -(read + 1))
end
if strays > 0 then
  redis.call('LTRIM', 'kerbside:strays:' .. lane, 0, STRAYS_KEPT - 1)
  redis.call('HINCRBY', 'kerbside:starts:' .. lane, 'strays', strays)
end
if #jobs > 0 then
  redis.call('ZADD', 'kerbside:running:' .. lane, unpack(leases))
  redis.call('ZREM', 'kerbside:waiting:' .. lane, unpack(taken))
  redis.call('HINCRBY', 'kerbside:starts:' .. lane, 'count', #jobs)
  redis.call('HINCRBY', 'kerbside:starts:' .. lane, 'waited_ms', waited)
  if newest > tonumber(known[2] or 0) then
    redis.call('SET', 'kerbside:claimed:' .. lane, newest)
  end
end
-- Until this worker is back no other need be woken: what comes meanwhile is its next batch.
local left = redis.call('LLEN', lane)
if #jobs > 0 and ARGV[10] ~= '0' then
  redis.call('SET', awake, worker, 'PX', ARGV[10])
elseif known[3] == worker then
  redis.call('DEL', awake)
end
if left > 0 then
  ring(lane)
end
return { jobs, left, 0, strays }
