-- Notes that the files of a batch cannot be read, and tells for how long that has been so.
-- Writes: kerbside:batch:<batch>
-- Arguments: 6 batch
-- Returns: ms since it was noted first; 0 where the batch was deleted
local batch = 'kerbside:batch:' .. ARGV[6]
-- A removal first (see prelude's finish): it is needed on a full server too.
redis.call('HDEL', batch, '')
if redis.call('EXISTS', batch) == 0 then
  return 0
end
redis.call('HSETNX', batch, 'unread', now)
return now - redis.call('HGET', batch, 'unread')
