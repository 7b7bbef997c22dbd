-- Takes a batch: its record, a job for each of its chunks whose turn it is and its idempotency entry, or none of them.
-- Writes: kerbside:batch:<batch> kerbside:batches:<tenant> kerbside:batch_totals kerbside:idempotency:<tenant>:<hash>
--         kerbside:unstored kerbside:revalued, and what admission's count and prelude's feed write
-- Arguments: 6-12 see admission, 13 id, 14 tenant, 15 idempotency hash or '', 16 fingerprint, 17 idempotency TTL s,
--            18 rows, 19 rows of a chunk, 20 columns of a table as JSON or 'null', 21 deadline in ms from now or '',
--            22.. further fields and values of the record, of which `model`, `version`, `alias` and `purpose` are those of
--            each chunk too; one with a `purpose` is stored once it is priced
-- Returns: {'replayed' | 'mismatch', left, reset, id} | {'created', left, reset, now} |
--          {'refused', left, reset, reason, jobs, jobs/s or '', longest wait ms}; for left and reset see admission
local lane, id, tenant = 'batches', ARGV[13], ARGV[14]
local rows, size = tonumber(ARGV[18]), tonumber(ARGV[19])
local idempotency = 'kerbside:idempotency:' .. tenant .. ':' .. ARGV[15]

local fitting, held = fits(lane, idempotency)
if not fitting then
  return refused(lane, 'rate', 0, 0)
end
if held and ARGV[15] ~= '' then
  local held_id, fingerprint = string.match(held, '^(%S+) (%S*)$')
  -- A removal first (see finish): a full server answers a repeat too.
  redis.call('DEL', rate)
  count()
  return { fingerprint == ARGV[16] and 'replayed' or 'mismatch', left, reset, held_id }
end
local no = refusal(lane, tenant, '')
if no then
  return no
end

local told = {}
for i = 22, #ARGV, 2 do
  told[ARGV[i]] = ARGV[i + 1]
end
local chunks = math.ceil(rows / size)
redis.call('HSET', 'kerbside:batch:' .. id, 'tenant', tenant, 'created', now, 'rows', rows, 'chunk_rows', size, 'columns',
  ARGV[20], 'chunks', chunks, 'open', chunks, 'fed', 0, 'completed', 0, 'failed', 0, unpack(ARGV, 22))
if ARGV[21] ~= '' then
  redis.call('HSET', 'kerbside:batch:' .. id, 'deadline', now + ARGV[21])
end
if told.purpose then
  redis.call('HSET', 'kerbside:batch:' .. id, 'stored', 0, 'chunks_stored', 0)
  redis.call('SADD', 'kerbside:unstored', id)
end
if told.purpose == 'revaluation' then
  redis.call('HSET', 'kerbside:revalued', tenant .. ' ' .. told.model, told.version .. ' ' .. now)
end
feed(id)
-- All of one score: ids begin with their time, so that their order is that of the list.
redis.call('ZADD', 'kerbside:batches:' .. tenant, 0, id)
redis.call('EXPIRE', 'kerbside:batches:' .. tenant, RESULT_TTL + DEAD_TTL)
redis.call('HINCRBY', 'kerbside:batch_totals', 'submitted', 1)
redis.call('HINCRBY', 'kerbside:batch_totals', 'rows', rows)
if ARGV[15] ~= '' then
  redis.call('SET', idempotency, id .. ' ' .. ARGV[16], 'EX', ARGV[17])
end
count()
return { 'created', left, reset, now }
