-- Opens every script: the clock, the policy, and the only places where a job is queued or finished.
-- Reads:  kerbside:awake:<lane>
-- Writes: kerbside:job:<id> kerbside:gone:<id> kerbside:waiting:<lane> kerbside:running:<lane>
--         kerbside:deadlines:<lane> kerbside:bell:<lane> kerbside:done:<lane> <lane>; publishes kerbside:finished:<db>
-- Leading arguments of every script: 1 result TTL s, 2 tombstone TTL s, 3 dead-letter TTL s, 4 lease ms,
--   5 channel of finished ids.
local RESULT_TTL, TOMBSTONE_TTL, DEAD_TTL = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local LEASE, FINISHED = tonumber(ARGV[4]), ARGV[5]

-- The task that a stock Celery worker would run for a message of each lane.
local TASKS = { predictions = 'price' }

-- base64 of [[],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]: the id in the headers says all.
local BODY = 'W1tdLHt9LHsiY2FsbGJhY2tzIjpudWxsLCJlcnJiYWNrcyI6bnVsbCwiY2hhaW4iOm51bGwsImNob3JkIjpudWxsfV0='

-- Only Redis's own clock counts: a host whose clock is wrong cannot steal a lease.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function job_key(id)
  return 'kerbside:job:' .. id
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

-- The one way into a terminal state, for open jobs of one lane, each once: an end is
-- { id =, tenant =, sequence = the one before, state =, detail =, more = { further field, value, .. } }.
-- The removals come first: Redis refuses a full server's growing writes only until a script's first write,
-- and a full server must be able to finish what it holds.
-- The webhook outbox and the archive feed join here once they have readers.
local function finish(lane, ends)
  if #ends == 0 then
    return
  end
  local ids = {}
  for i = 1, #ends do
    ids[i] = ends[i].id
  end
  redis.call('ZREM', 'kerbside:running:' .. lane, unpack(ids))
  redis.call('ZREM', 'kerbside:waiting:' .. lane, unpack(ids))
  redis.call('ZREM', 'kerbside:deadlines:' .. lane, unpack(ids))
  for i = 1, #ends do
    local done = ends[i]
    local key = job_key(done.id)
    local ttl = done.detail == 'dead' and DEAD_TTL or RESULT_TTL
    redis.call('HSET', key, 'state', done.state, 'detail', done.detail, 'sequence', done.sequence + 1,
      'completed', now, 'expires', now + ttl * 1000, unpack(done.more))
    redis.call('EXPIRE', key, ttl)
    redis.call('SET', 'kerbside:gone:' .. done.id, done.tenant .. ' ' .. now, 'EX', math.max(TOMBSTONE_TTL, ttl))
  end
  redis.call('INCRBY', 'kerbside:done:' .. lane, #ends)
  redis.call('PUBLISH', FINISHED, table.concat(ids, '\n'))
end

local function is_open(state)
  return state == 'queued' or state == 'running' or state == 'retrying'
end
