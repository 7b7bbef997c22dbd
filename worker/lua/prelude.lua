-- Opens every script: the clock, the policy, and the only places where a job is queued, withdrawn or finished.
-- Reads:  kerbside:awake:<lane> kerbside:unstored kerbside:workers:<lane>
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:waiting:<lane> kerbside:running:<lane> kerbside:number:<lane>
--         kerbside:deadlines:<lane> kerbside:bell:<lane> kerbside:done:<lane> kerbside:open:<lane>
--         kerbside:outcomes:<lane> kerbside:feed kerbside:batch:<batch> kerbside:batch_totals <lane>; publishes
--         kerbside:finished:<db>
-- Leading arguments of every script: 1 result TTL s, 2 tombstone TTL s, 3 dead-letter TTL s, 4 lease ms and the policy of
--   webhooks, 5 channel of finished ids.
local RESULT_TTL, TOMBSTONE_TTL, DEAD_TTL = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local LEASE, FINISHED = tonumber(string.match(ARGV[4], '^%d+')), ARGV[5]

-- The task that a stock Celery worker would run for a message of each lane.
local TASKS = { predictions = 'price', webhooks = 'deliver', batches = 'price_chunk' }

-- Those of webhooks.lua that are called from here.
local tell, tell_of_batch, delivered
-- Seconds that a job is kept, at most, for the deliveries of its events; after that nobody waits for them any more.
local KEPT_FOR_DELIVERY = 4 * 86400

-- What the archive is told of. Only its reader makes it: until then nothing is written, and records end by themselves.
local FEED = 'kerbside:feed'

-- Has the archive told of a job; false where nobody reads for it. Then it is not even tried: Redis's users of an older
-- release have no right to it.
local function tell_archive(...)
  return redis.call('EXISTS', FEED) == 1 and redis.call('XADD', FEED, 'NOMKSTREAM', '*', 'job', ...)
end

-- Lanes whose open jobs count in their tenant's quota.
local COUNTED = { predictions = true, batches = true }

-- base64 of [[],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]: the id in the headers says all.
local BODY = 'W1tdLHt9LHsiY2FsbGJhY2tzIjpudWxsLCJlcnJiYWNrcyI6bnVsbCwiY2hhaW4iOm51bGwsImNob3JkIjpudWxsfV0='

-- Only Redis's own clock counts: a host whose clock is wrong cannot steal a lease.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function job_key(id)
  return 'kerbside:job:' .. id
end

local function is_open(state)
  -- The last two are those of a delivery that waits for a time, or for a slot of its destination.
  return state == 'queued' or state == 'running' or state == 'retrying' or state == 'scheduled' or state == 'parked'
end

-- A Celery protocol-2 message as kombu's Redis transport stores it; `sent` lets the reaper read the watermark.
local function message(id, lane, sent)
  return '{"body":"' .. BODY .. '","content-encoding":"utf-8","content-type":"application/json","headers":{"lang":"py","task":"'
    .. TASKS[lane] .. '","id":"' .. id .. '","root_id":"' .. id
    .. '","parent_id":null,"group":null,"retries":0,"timelimit":[null,null],"argsrepr":"()","kwargsrepr":"{}","origin":"kerbside","ignore_result":true,"sent":'
    .. sent .. '},"properties":{"correlation_id":"' .. id
    .. '","delivery_mode":2,"delivery_info":{"exchange":"","routing_key":"' .. lane
    .. '"},"priority":0,"body_encoding":"base64","delivery_tag":"' .. id .. '"}}'
end

-- Wakes one idle worker; a bell that still rings is enough.
local function ring(lane)
  local bell = 'kerbside:bell:' .. lane
  if redis.call('EXISTS', bell) == 0 then
    redis.call('LPUSH', bell, '1')
  end
end

-- The same, unless a worker that is about to ask again takes the job with its next batch.
local function ring_unless_awake(lane)
  if redis.call('EXISTS', 'kerbside:awake:' .. lane) == 0 then
    ring(lane)
  end
end

local function enqueue_last(id, lane, sent)
  redis.call('ZADD', 'kerbside:waiting:' .. lane, sent, id)
  redis.call('LPUSH', lane, message(id, lane, sent))
  ring_unless_awake(lane)
end

-- Queues a job that is new, or as good as new: the record's further fields and values follow the deadline, which is in
-- ms from now or ''. One that counts in no quota is opened for the tenant ''. Returns its number in the lane's count of
-- submits.
local function open(id, lane, tenant, deadline, ...)
  local number = redis.call('INCR', 'kerbside:number:' .. lane)
  if COUNTED[lane] and tenant ~= '' then
    redis.call('HINCRBY', 'kerbside:open:' .. lane, tenant, 1)
  end
  redis.call('HSET', job_key(id), 'state', 'queued', 'sent', now, 'number', number, ...)
  if deadline ~= '' then
    local at = now + tonumber(deadline)
    redis.call('HSET', job_key(id), 'deadline', at)
    redis.call('ZADD', 'kerbside:deadlines:' .. lane, at, id)
  end
  enqueue_last(id, lane, now)
  return number
end

-- Chunks of one revaluation that are in the lane, for each worker of it: one that is priced, and one that is next. So who
-- comes later waits for few of them, and no worker waits for work.
local AHEAD = 2

-- Queues the chunks of a batch whose turn it is: all of them at once, but of those that the service prices by itself the
-- next when one ends. With `place` they take that of one that was taken away, so that a purge ends them too.
local function feed(id, place)
  local batch = 'kerbside:batch:' .. id
  local tenant, created, rows, size, columns, chunks, left, fed, deadline, purpose, model, version, alias = unpack(redis.call(
    'HMGET', batch, 'tenant', 'created', 'rows', 'chunk_rows', 'columns', 'chunks', 'open', 'fed', 'deadline', 'purpose',
    'model', 'version', 'alias'))
  local of_service, first, last = purpose == 'revaluation', fed + 1, tonumber(chunks)
  if of_service then
    last = math.min(last, chunks - left + AHEAD * math.max(1, redis.call('ZCARD', 'kerbside:workers:batches')))
  end
  if first > last then
    return
  end
  redis.call('HSET', batch, 'fed', last)
  for number = first, last do
    local input = '{"batch":"' .. id .. '","chunk":' .. number .. ',"columns":' .. columns .. ',"purpose":"'
      .. (purpose or 'predictions') .. '"}'
    local more = {}
    for name, value in pairs({ alias = alias or nil, purpose = purpose or nil }) do
      more[#more + 1] = name
      more[#more + 1] = value
    end
    local chunk = id .. '-' .. number
    open(chunk, 'batches', of_service and '' or tenant, deadline and deadline - now or '', 'sequence', 1, 'created', created,
      'tenant', tenant, 'lane', 'batches', 'batch', id, 'chunk', number, 'rows',
      math.min(size, rows - (number - 1) * size), 'input', input, 'model', model, 'version', version, unpack(more))
    if place then
      redis.call('HSET', job_key(chunk), 'number', place)
    end
  end
end

-- Takes the message of a waiting job out of its lane. A list has no index by id: the message is looked for from the end
-- that is nearer, at 0.1 us a message passed: 5 ms in the middle of 100,000, next to nothing for one that came last or
-- starts next.
local function withdraw(id, lane, sent)
  local before = redis.call('ZRANK', 'kerbside:waiting:' .. lane, id) or 0
  local from_oldest = 2 * before < redis.call('LLEN', lane)
  redis.call('LREM', lane, from_oldest and -1 or 1, message(id, lane, sent))
end

-- When a message was sent, or nil where that cannot be told; a stock producer's says it by its job only.
local function sent_of(text, lane)
  local sent = string.match(text, '"sent": ?(%d+)')
  if sent then
    return tonumber(sent)
  end
  local id = string.match(text, '"id": ?"([^"]+)"')
  return id and tonumber(redis.call('ZSCORE', 'kerbside:waiting:' .. lane, id) or nil)
end

-- For a job that has waited before: it starts next. Its `sent` becomes no later than that of the message it
-- overtakes, so that the lane stays ordered by `sent` even where an older job comes back after a younger one.
local function enqueue_next(id, lane, sent)
  local oldest = redis.call('LINDEX', lane, -1)
  sent = math.min(tonumber(sent), oldest and sent_of(oldest, lane) or math.huge)
  redis.call('HSET', job_key(id), 'sent', sent)
  redis.call('ZADD', 'kerbside:waiting:' .. lane, sent, id)
  redis.call('RPUSH', lane, message(id, lane, sent))
  ring(lane)
end

-- Takes ended jobs out of their tenants' counts; who has none open has no count, and nobody has less than none. Where a
-- count went wrong all the same, the reaper puts it right once the lane is empty.
local function uncount(lane, ends)
  if not COUNTED[lane] then
    return
  end
  local fewer = {}
  for i = 1, #ends do
    local tenant = ends[i].tenant
    -- What the service prices anew by itself is in nobody's quota.
    if lane ~= 'batches' or redis.call('HGET', job_key(ends[i].id), 'purpose') ~= 'revaluation' then
      fewer[tenant] = (fewer[tenant] or 0) + 1
    end
  end
  for tenant, count in pairs(fewer) do
    if redis.call('HINCRBY', 'kerbside:open:' .. lane, tenant, -count) <= 0 then
      redis.call('HDEL', 'kerbside:open:' .. lane, tenant)
    end
  end
end

-- Where nothing archives it, an ended job is kept for seconds by its detail, and for those who are still to be told of it:
-- they may come late and read it.
local function own_ttl(detail)
  return detail == 'dead' and DEAD_TTL or RESULT_TTL
end

local function expire(id, ttl)
  local waits = tonumber(redis.call('HGET', job_key(id), 'undelivered') or 0) > 0
  redis.call('EXPIRE', job_key(id), waits and math.max(ttl, KEPT_FOR_DELIVERY) or ttl)
end

-- Lets it be known that a job has ended when nothing else is left of it.
local function remember(id, tenant, completed, ttl)
  redis.call('SET', 'kerbside:gone:' .. id, tenant .. ' ' .. completed, 'EX', math.max(TOMBSTONE_TTL, ttl))
end

-- Lets an ended job that was kept for the archive end by itself: its time counts from now.
-- A time to live comes first (see finish): a full server is to get rid of it.
local function lapse(id)
  local record = redis.call('HMGET', job_key(id), 'detail', 'tenant', 'completed')
  local ttl = own_ttl(record[1])
  expire(id, ttl)
  redis.call('HSET', job_key(id), 'expires', now + ttl * 1000)
  remember(id, record[2], record[3], ttl)
end

-- How a chunk ended that has no result, as its batch tells it.
local BY_DETAIL = { deadline_exceeded = 'expired', error_threshold = 'stopped' }
-- Those who follow a batch are told no more often how far it is, in ms.
local PROGRESS_EVERY = 10000

-- Lets a batch that has ended be forgotten after some time, and with it its files.
local function lapse_batch(batch, ttl)
  redis.call('HSET', batch, 'expires', now + ttl * 1000)
  redis.call('EXPIRE', batch, ttl)
end

-- What the end of a chunk means to its batch, unless the batch was deleted: how many of its rows have a price and how many
-- an error, and where they lie. Its result is '<attempt> <priced> <refused>'; one without a result leaves its rows unpriced.
-- The end of the last chunk is that of the batch, whose status is what went wrong last: what ends all of it comes last.
-- Returns the batch where more of its rows have an error than its client bears.
local function settle(chunk, state, detail, ttl)
  local batch_id, number, rows, result, why, started = unpack(redis.call('HMGET', job_key(chunk), 'batch', 'chunk', 'rows',
    'output', 'error', 'started'))
  local batch = 'kerbside:batch:' .. batch_id
  if redis.call('EXISTS', batch) == 0 then
    return nil
  end
  local attempt, priced, refused = string.match(result or '', '^(%d+) (%d+) (%d+)$')
  local told = attempt or BY_DETAIL[detail] or state
  redis.call('HSET', batch, 'chunk:' .. number, told, 'settled', now)
  redis.call('PUBLISH', FINISHED, batch_id)
  if started then
    redis.call('HSETNX', batch, 'started', started)
  end
  local failed = 0
  if attempt then
    redis.call('HINCRBY', batch, 'completed', priced)
    failed = redis.call('HINCRBY', batch, 'failed', refused)
  else
    redis.call('HSET', batch, 'flaw', told == 'stopped' and 'failed' or told)
  end
  if state == 'failed' then
    failed = redis.call('HINCRBY', batch, 'failed', rows)
    redis.call('HSET', batch, 'error:' .. number, why)
  end
  local threshold = tonumber(redis.call('HGET', batch, 'error_threshold') or nil)
  local is_beyond = threshold and failed > threshold
  if redis.call('HINCRBY', batch, 'open', -1) == 0 then
    local status = redis.call('HGET', batch, 'flaw') or is_beyond and 'failed' or 'completed'
    redis.call('HSET', batch, 'ended', now, 'status', status)
    -- One whose prices are to be stored is kept until they are.
    if redis.call('SISMEMBER', 'kerbside:unstored', batch_id) == 0 then
      lapse_batch(batch, ttl)
    end
    redis.call('HINCRBY', 'kerbside:batch_totals', status, 1)
    tell_of_batch(batch_id, status)
    return nil
  end
  if redis.call('HGET', batch, 'purpose') == 'revaluation' then
    feed(batch_id, state == 'canceled' and redis.call('HGET', job_key(chunk), 'number'))
  end
  -- It ends in a moment where its client bears no more: that is told, and nothing after it.
  if state ~= 'canceled' and not is_beyond and now - (redis.call('HGET', batch, 'told') or 0) >= PROGRESS_EVERY then
    redis.call('HSET', batch, 'told', now)
    tell_of_batch(batch_id, 'progress')
  end
  return is_beyond and batch_id or nil
end

-- Ends what is open of a batch at once; returns how many chunks that were.
local stop_batch

-- The one way into a terminal state, for open jobs of one lane, each once: an end is
-- { id =, tenant =, sequence = the one before, state =, detail =, more = { further field, value, .. } }.
-- The removals come first: Redis refuses a full server's growing writes only until a script's first write,
-- and a full server must be able to finish what it holds.
-- Where there is an archive a record is kept until it is there; then its reader says for how long.
local function finish(lane, ends)
  if #ends == 0 then
    return
  end
  local is_archived = lane == 'predictions' and redis.call('EXISTS', FEED) == 1
  local ids, outcomes, beyond = {}, {}, {}
  for i = 1, #ends do
    local outcome = ends[i].state .. ' ' .. ends[i].detail
    ids[i], outcomes[outcome] = ends[i].id, (outcomes[outcome] or 0) + 1
  end
  redis.call('ZREM', 'kerbside:running:' .. lane, unpack(ids))
  redis.call('ZREM', 'kerbside:waiting:' .. lane, unpack(ids))
  redis.call('ZREM', 'kerbside:deadlines:' .. lane, unpack(ids))
  for i = 1, #ends do
    local done = ends[i]
    local key = job_key(done.id)
    local ttl = own_ttl(done.detail)
    redis.call('HSET', key, 'state', done.state, 'detail', done.detail, 'sequence', done.sequence + 1,
      'completed', now, 'expires', is_archived and '' or now + ttl * 1000, unpack(done.more))
    if lane == 'webhooks' then
      delivered(done.id, done.state, done.detail)
    elseif lane == 'batches' then
      beyond[#beyond + 1] = settle(done.id, done.state, done.detail, RESULT_TTL)
      redis.call('EXPIRE', key, ttl)
      remember(done.id, done.tenant, now, ttl)
    else
      local own = redis.call('HMGET', key, 'webhook', 'webhook_events')
      tell(done.id, done.tenant, done.sequence + 1, 'prediction.' .. done.state, own[1], own[2])
      if not tell_archive(done.id) then
        expire(done.id, ttl)
      end
      remember(done.id, done.tenant, now, ttl)
    end
  end
  uncount(lane, ends)
  redis.call('INCRBY', 'kerbside:done:' .. lane, #ends)
  for outcome, count in pairs(outcomes) do
    redis.call('HINCRBY', 'kerbside:outcomes:' .. lane, outcome, count)
  end
  if lane == 'predictions' then
    redis.call('PUBLISH', FINISHED, table.concat(ids, '\n'))
  end
  for _, batch in ipairs(beyond) do
    stop_batch(batch, 'error_threshold')
  end
end

-- What must be known of a job before its client takes it back; nil where there is none.
local function known(id)
  local record = redis.call('HMGET', job_key(id), 'tenant', 'lane', 'state', 'sent', 'sequence', 'completed',
    'detail')
  return record[1] and {
    tenant = record[1], lane = record[2], state = record[3], sent = record[4], sequence = record[5],
    completed = record[6], detail = record[7],
  } or nil
end

-- Ends an open job at once because its client wants it so; a waiting job's message goes with it.
local function cancel(id, job, detail)
  if job.state ~= 'running' then
    withdraw(id, job.lane, job.sent)
  end
  finish(job.lane, { {
    id = id, tenant = job.tenant, sequence = job.sequence, state = 'canceled', detail = detail, more = {},
  } })
end

function stop_batch(batch_id, detail)
  local stopped = 0
  for number = 1, tonumber(redis.call('HGET', 'kerbside:batch:' .. batch_id, 'chunks')) do
    local chunk = batch_id .. '-' .. number
    local job = known(chunk)
    if job and is_open(job.state) then
      cancel(chunk, job, detail)
      stopped = stopped + 1
    end
  end
  return stopped
end
