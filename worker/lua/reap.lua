-- One tick of upkeep for a lane: expired leases, lost messages and dead ones, passed deadlines, samples and history.
-- Reads:  kerbside:number:<lane> kerbside:done:<lane> kerbside:claimed:<lane> kerbside:priced:<lane>
--         kerbside:paused:<lane> kerbside:starts:<lane>, of a message whether kerbside:gone:<id> is there
-- Writes: kerbside:tick:<lane> kerbside:samples:<lane> kerbside:history:<lane> kerbside:dead:<lane> kerbside:job:<id>
--         kerbside:running:<lane> kerbside:waiting:<lane> kerbside:deadlines:<lane> kerbside:upkeep:<lane>
--         kerbside:open:<lane> <lane>, and what prelude's enqueue_* and finish and webhooks' wake_due write
-- Arguments: 6 lane, 7 crashes allowed, 8 jobs looked at per call, 9 '1' to go on with the same tick,
--            10 s in which this tick shows that upkeep is there, 0 where another stands in for it
-- Returns: {leases extended, retried, dead, re-sent, deadline passed, more}, or nil where another reaper was just here
local lane, allowed, limit = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local running, waiting = 'kerbside:running:' .. lane, 'kerbside:waiting:' .. lane
local LONGEST_GAP, USUAL_GAP, SHORTEST_GAP, SAMPLES_KEPT = 2000, 1000, 200, 16
-- Ten seconds, less what a tick may come early; an hour of them, and the point before it.
local HISTORY_STEP, HISTORY_KEPT = 9500, 361

local last = tonumber(redis.call('GET', 'kerbside:tick:' .. lane) or 0)
local gap = now - last
local goes_on = ARGV[9] == '1'
-- A removal first (see finish): a full server must still be tended.
redis.call('ZREMRANGEBYSCORE', 'kerbside:dead:' .. lane, '-inf', now - DEAD_TTL * 1000)
if ARGV[10] ~= '0' then
  redis.call('SET', 'kerbside:upkeep:' .. lane, now, 'EX', ARGV[10])
end
-- A tick from the future: Redis's clock was set back, and nobody was here.
if not goes_on and gap >= 0 and gap < SHORTEST_GAP then
  return nil
end

-- While Redis or the reaper was away, no worker could renew or complete: that must not count as a crash.
-- A tick's usual gap is never forgiven, so that leases of dead workers end even where every tick is late.
local function forgive()
  local extended = 0
  local shift = gap < 0 and gap or gap - USUAL_GAP
  local held = redis.call('ZRANGE', running, 0, -1, 'WITHSCORES')
  for i = 1, #held, 2 do
    local lease_end = tonumber(held[i + 1])
    local shifted = math.min(lease_end + shift, now + LEASE)
    if shifted > lease_end or gap < 0 then
      redis.call('ZADD', running, shifted, held[i])
      extended = extended + 1
    end
  end
  return extended
end

local WORK = { predictions = 'pricing this house', webhooks = 'making this delivery',
  batches = 'pricing these rows' }

-- Names neither worker nor version: the error is the client's to read, the record holds both for operators.
local function bury(id, record, crashes)
  finish(lane, { {
    id = id, tenant = record[1], sequence = record[5], state = 'failed', detail = 'dead',
    more = { 'crashes', crashes, 'error', 'Its worker died ' .. crashes .. ' times while ' .. WORK[lane] .. '.' },
  } })
  redis.call('ZADD', 'kerbside:dead:' .. lane, now, id)
end

-- A job whose lease has ended lost its worker.
local function retry_or_bury()
  local lost, buried = {}, 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', running, '-inf', now, 'LIMIT', 0, limit)) do
    redis.call('ZREM', running, id)
    local record = redis.call('HMGET', job_key(id), 'tenant', 'state', 'sent', 'crashes', 'sequence', 'number')
    if record[2] == 'running' then
      local crashes = (tonumber(record[4]) or 0) + 1
      if crashes >= allowed then
        bury(id, record, crashes)
        buried = buried + 1
      else
        lost[#lost + 1] = { id = id, crashes = crashes, sent = record[3], number = tonumber(record[6]) }
      end
    end
  end
  -- The oldest is put back last and so starts first.
  table.sort(lost, function(a, b) return a.number > b.number end)
  for _, job in ipairs(lost) do
    -- One that was buried may have ended the batch of others.
    if is_open(redis.call('HGET', job_key(job.id), 'state')) then
      redis.call('HINCRBY', job_key(job.id), 'sequence', 1)
      redis.call('HSET', job_key(job.id), 'state', 'retrying', 'crashes', job.crashes)
      enqueue_next(job.id, lane, job.sent)
    end
  end
  return #lost, buried
end

-- `sent` of the oldest message. Messages leave in the order of `sent`, so a waiting job that is older
-- than this one has lost its message. nil: the head tells nothing, wait until a worker has taken it.
local function watermark()
  local head = redis.call('LINDEX', lane, -1)
  if not head then
    return 'inf'
  end
  local sent = sent_of(head, lane)
  -- One from the future was sent before Redis's clock was set back, and what came after it looks older.
  return sent and sent <= now and sent or nil
end

local function resend()
  local mark = watermark()
  local lost = mark and redis.call('ZRANGEBYSCORE', waiting, '-inf', '(' .. mark, 'LIMIT', 0, limit) or {}
  for _, id in ipairs(lost) do
    local state = redis.call('HGET', job_key(id), 'state')
    if state == 'queued' or state == 'retrying' then
      redis.call('HSET', job_key(id), 'sent', now)
      enqueue_last(id, lane, now)
    else
      redis.call('ZREM', waiting, id)
    end
  end
  return #lost
end

local function expire_deadlines()
  local late = redis.call('ZRANGEBYSCORE', 'kerbside:deadlines:' .. lane, '-inf', now, 'LIMIT', 0, limit)
  local ends = {}
  for _, id in ipairs(late) do
    redis.call('ZREM', 'kerbside:deadlines:' .. lane, id)
    local record = redis.call('HMGET', job_key(id), 'state', 'tenant', 'sequence')
    if is_open(record[1]) then
      ends[#ends + 1] = {
        id = id, tenant = record[2], sequence = record[3], state = 'canceled', detail = 'deadline_exceeded', more = {},
      }
    end
  end
  finish(lane, ends)
  return #late
end

-- While no worker claims, nobody else takes away the messages of jobs that have ended, and their deadlines may be
-- short. One without a record is left for claim to set aside, unless its job was deleted.
local function drop_ended()
  for dropped = 0, limit - 1 do
    local oldest = redis.call('LINDEX', lane, -1)
    local id = oldest and string.match(oldest, '"id": ?"([^"]+)"')
    local state = id and redis.call('HGET', job_key(id), 'state')
    if is_open(state) or not (state or id and redis.call('EXISTS', 'kerbside:gone:' .. id) == 1) then
      return dropped
    end
    redis.call('RPOP', lane)
  end
  return limit
end

-- What operators see of the last hour: counts and what stands in the lane, far coarser than the samples.
local function remember(counts, first)
  local history = 'kerbside:history:' .. lane
  local newest = redis.call('LINDEX', history, 0)
  local since = newest and now - tonumber(string.match(newest, '^%d+')) or math.huge
  if since >= 0 and since < HISTORY_STEP then
    return
  end
  local starts = redis.call('HMGET', 'kerbside:starts:' .. lane, 'count', 'waited_ms')
  redis.call('LPUSH', history, table.concat({ now, counts[1] or 0, counts[2] or 0, redis.call('ZCARD', waiting),
    redis.call('ZCARD', running), first or 0, counts[5] and 1 or 0, starts[1] or 0, starts[2] or 0 }, ' '))
  redis.call('LTRIM', history, 0, HISTORY_KEPT - 1)
end

redis.call('SET', 'kerbside:tick:' .. lane, now)
local extended = 0
if not goes_on then
  if gap > LONGEST_GAP or gap < 0 then
    extended = forgive()
  end
  local counts = redis.call('MGET', 'kerbside:number:' .. lane, 'kerbside:done:' .. lane, 'kerbside:claimed:' .. lane,
    'kerbside:priced:' .. lane, 'kerbside:paused:' .. lane)
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  redis.call('LPUSH', 'kerbside:samples:' .. lane, table.concat({ now, counts[1] or 0, counts[2] or 0, counts[3] or 0,
    counts[4] or 0, first[2] or 0, counts[5] and 1 or 0 }, ' '))
  redis.call('LTRIM', 'kerbside:samples:' .. lane, 0, SAMPLES_KEPT - 1)
  remember(counts, first[2])
end
local late = expire_deadlines()
local dropped = drop_ended()
local retried, dead = retry_or_bury()
local resent = resend()
-- Where no worker claims, nobody else calls what is due: and no autoscaler would see that there is work.
if lane == 'webhooks' and redis.call('EXISTS', 'kerbside:paused:' .. lane) == 0 then
  wake_due()
end
-- Nothing is open: what tenants' counts say otherwise is of jobs whose records are gone.
if COUNTED[lane] and redis.call('EXISTS', running, waiting) == 0 then
  redis.call('DEL', 'kerbside:open:' .. lane)
end
local more = math.max(late, dropped, retried + dead, resent) >= limit and 1 or 0
return { extended, retried, dead, resent, late, more }
