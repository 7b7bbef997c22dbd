-- Notes that the next chunk of a batch is stored in the archive; another chunk than the next was noted before.
-- Writes: kerbside:batch:<batch>
-- Arguments: 6 batch, 7 number of the chunk, 8 rows of it that are stored, 9 when the newest price so far was made,
--            10.. counts of the record, and how much each grows
-- Returns: 1 noted, 0 not the next one, or the batch was deleted
local batch = 'kerbside:batch:' .. ARGV[6]
if redis.call('HGET', batch, 'chunks_stored') ~= tostring(ARGV[7] - 1) then
  return 0
end
-- A removal first (see prelude's finish): by storing a full server gets rid of what it holds.
redis.call('HDEL', batch, 'chunks_stored')
redis.call('HSET', batch, 'chunks_stored', ARGV[7], 'valued', ARGV[9])
redis.call('HINCRBY', batch, 'stored', ARGV[8])
if ARGV[8] ~= '0' then
  redis.call('HDEL', batch, 'unread')
end
for i = 10, #ARGV, 2 do
  redis.call('HINCRBYFLOAT', batch, ARGV[i], ARGV[i + 1])
end
return 1
