-- Lets a batch go whose prices are stored, or can be stored no more: it is forgotten after some time, as any other.
-- Writes: kerbside:unstored kerbside:batch:<batch>
-- Arguments: 6 batch
local batch = 'kerbside:batch:' .. ARGV[6]
if redis.call('SREM', 'kerbside:unstored', ARGV[6]) == 1 and redis.call('HEXISTS', batch, 'ended') == 1 then
  redis.call('HSET', batch, 'all_stored', now)
  lapse_batch(batch, RESULT_TTL)
end
